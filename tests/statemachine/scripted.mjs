// A function of the tests: speaks the Runtime API and answers what $ANSWERS says, a JSON object:
// the answer for each shard_id, and "*" for events without one that is listed.

const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/`;
const answers = JSON.parse(process.env.ANSWERS);

for (;;) {
  const next = await fetch(`${api}next`);
  const event = await next.json();
  const id = next.headers.get('lambda-runtime-aws-request-id');
  const answer = answers[event.shard_id] ?? answers['*'];
  await fetch(`${api}${id}/response`, { method: 'POST', body: JSON.stringify(answer) });
}
