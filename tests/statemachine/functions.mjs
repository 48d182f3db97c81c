// Lambda, as far as Step Functions sees it: named functions, each with as many processes as there
// are invocations at once (cold for the first, warm afterwards), driven through a Runtime API of
// their own on loopback. https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
//
// `faults` makes single invocations go wrong. A fault is
//     { function, member, value, attempts: [1, 2] or "all", do, ... }
// and meets the invocations of that function whose event has that member with that value (or all,
// without member), counted from 1. `do` is
//     "kill"        ends the process with SIGKILL, `after_ms` after it has the event
//     "deadline"    tells the function that it has only `ms` left
//     "lose-answer" runs it, and answers Lambda.ServiceException
//     "fail"        does not run it, and answers `type` with `message`

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import http from 'node:http';

const MAX_PAYLOAD_BYTES = 6 << 20;
const STOP_MS = 2000;
const START_MS = 60000;
const INVOCATION = '/2018-06-01/runtime/invocation/';

function failure(type, message) {
  return { errorType: type, payload: JSON.stringify({ errorMessage: message, errorType: type }) };
}

function readBody(request) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', reject);
  });
}

// One execution environment: a process and its Runtime API. It serves one invocation at a time.
class Environment {
  constructor(func) {
    this.func = func;
    this.server = http.createServer((request, response) => {
      this.serve(request, response).catch(() => response.destroy());
    });
    this.dead = false;
    this.waiting = null; // the response of a `next` that waits for an event
    this.current = null; // { id, event, times, timers, resolve }
    this.isSpent = false;
  }

  async start() {
    await new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const { name, arn, handler, memory, command, env, onOutput } = this.func;
    this.process = spawn(command[0], command.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...env,
        AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${this.server.address().port}`,
        AWS_LAMBDA_FUNCTION_NAME: name,
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_LOG_FORMAT: 'JSON',
        AWS_LAMBDA_LOG_LEVEL: 'INFO',
        _HANDLER: handler,
        LAMBDA_TASK_ROOT: '/var/task',
      },
    });
    this.arn = arn;
    this.process.stdout.on('data', (data) => onOutput(name, data));
    this.process.stderr.on('data', (data) => onOutput(name, data));
    this.ended = new Promise((resolve) => {
      this.process.on('error', (error) => resolve(error.message));
      this.process.on('exit', (code, signal) => resolve(signal ?? `exit status ${code}`));
    });
    this.ended.then((how) => this.onEnd(how));
  }

  onEnd(how) {
    this.dead = true;
    this.server.closeAllConnections?.();
    this.server.close();
    this.finish(failure('Runtime.ExitError', `Runtime exited with error: ${how}`));
  }

  finish(result) {
    const { current } = this;
    this.current = null;
    current?.timers.forEach(clearTimeout);
    current?.resolve(result);
  }

  // What came of one event: { payload } or { errorType, payload }. Time counts from when the function
  // has the event, as in Lambda. `times`: { limitMs, deadlineMs (what it is told), killMs }.
  async invoke(event, times) {
    const result = new Promise((resolve) => {
      this.current = { id: randomUUID(), event, times, timers: [], resolve };
    });
    const startTimer = setTimeout(() => this.kill(), START_MS);
    this.current.timers.push(startTimer);
    if (this.dead) {
      this.finish(failure('Runtime.ExitError', 'Runtime exited before it asked for an event'));
    } else if (this.waiting !== null) {
      this.deliver();
    }
    return result;
  }

  kill() {
    if (!this.dead) {
      this.process.kill('SIGKILL');
    }
  }

  timeOut(limitMs) {
    this.isSpent = true;
    this.finish(failure('Sandbox.Timedout', `Task timed out after ${limitMs / 1000} seconds`));
    this.kill();
  }

  deliver() {
    const { id, event, times, timers } = this.current;
    const response = this.waiting;
    this.waiting = null;
    timers.forEach(clearTimeout);
    timers.push(setTimeout(() => this.timeOut(times.limitMs), times.limitMs));
    if (times.killMs !== undefined) {
      timers.push(setTimeout(() => this.kill(), times.killMs));
    }
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Lambda-Runtime-Aws-Request-Id': id,
      'Lambda-Runtime-Deadline-Ms': String(Date.now() + times.deadlineMs),
      'Lambda-Runtime-Invoked-Function-Arn': this.arn,
      'Lambda-Runtime-Trace-Id': `Root=1-00000000-${id.replaceAll('-', '').slice(0, 24)}`,
    });
    response.end(event);
  }

  async serve(request, response) {
    const path = request.url;
    const reply = (status, value, headers = {}) => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
      response.end(JSON.stringify(value));
    };
    if (path === `${INVOCATION}next`) {
      this.waiting = response;
      if (this.current !== null) {
        this.deliver();
      }
      return;
    }
    if (path === '/2020-01-01/extension/event/next') {
      return; // It hears nothing: the process is ended by a signal.
    }
    const body = await readBody(request);
    const [, id, kind] = /invocation\/([^/]+)\/(response|error)$/.exec(path) ?? [];
    if (path === '/2020-01-01/extension/register') {
      reply(200, { functionName: this.func.name, functionVersion: '$LATEST', handler: '' },
        { 'Lambda-Extension-Identifier': randomUUID() });
    } else if (path === '/2018-06-01/runtime/init/error') {
      reply(202, { status: 'OK' });
      this.finish({ errorType: JSON.parse(body).errorType, payload: body });
    } else if (id === undefined || id !== this.current?.id) {
      reply(400, { errorMessage: 'no such invocation', errorType: 'InvalidRequestID' });
    } else if (Buffer.byteLength(body) > MAX_PAYLOAD_BYTES) {
      reply(413, { errorMessage: 'too large', errorType: 'RequestEntityTooLarge' });
    } else {
      reply(202, { status: 'OK' });
      this.finish(kind === 'response' ? { payload: body }
        : { errorType: JSON.parse(body).errorType, payload: body });
    }
  }

  async stop() {
    if (!this.dead) {
      this.process.kill('SIGTERM');
      const timer = setTimeout(() => this.kill(), STOP_MS);
      await this.ended;
      clearTimeout(timer);
    }
  }
}

export class Functions {
  // `list`: { name, arn, handler, memory, timeout_seconds, command, env }.
  constructor(list, { faults = [], onInvocation = () => {}, onOutput = () => {} } = {}) {
    this.byArn = new Map(list.map((func) => [func.arn, { ...func, onOutput, idle: [] }]));
    this.faults = faults.map((fault) => ({ ...fault, seen: 0 }));
    this.environments = [];
    this.onInvocation = onInvocation;
  }

  // The fault that meets this invocation, if any; counts it for all that could have.
  findFault(func, event) {
    let found;
    for (const fault of this.faults) {
      if (fault.function !== func.name ||
          (fault.member !== undefined && event[fault.member] !== fault.value)) {
        continue;
      }
      fault.seen += 1;
      if (fault.attempts === 'all' || fault.attempts.includes(fault.seen)) {
        found ??= fault;
      }
    }
    return found ?? { do: 'nothing' };
  }

  async takeEnvironment(func) {
    for (let environment = func.idle.pop(); environment; environment = func.idle.pop()) {
      if (!environment.dead) {
        return { environment, cold: false };
      }
    }
    const environment = new Environment(func);
    this.environments.push(environment);
    await environment.start();
    return { environment, cold: true };
  }

  async run(func, event, fault) {
    const limitMs = func.timeout_seconds * 1000;
    const { environment, cold } = await this.takeEnvironment(func);
    const result = await environment.invoke(event, {
      limitMs,
      deadlineMs: fault.do === 'deadline' ? fault.ms : limitMs,
      killMs: fault.do === 'kill' ? fault.after_ms : undefined,
    });
    if (!environment.dead && !environment.isSpent) {
      func.idle.push(environment);
    }
    return { ...result, cold };
  }

  // { payload } or { errorType, payload }, as the Invoke call gives them.
  async invoke(arn, event) {
    const func = this.byArn.get(arn);
    if (func === undefined) {
      return failure('Lambda.ResourceNotFoundException', `Function not found: ${arn}`);
    }
    const fault = this.findFault(func, JSON.parse(event));
    let result = fault.do === 'fail' ? failure(fault.type, fault.message)
      : await this.run(func, event, fault);
    if (fault.do === 'lose-answer') {
      result = { ...failure('Lambda.ServiceException', 'the answer was lost'), cold: result.cold };
    }
    this.onInvocation({
      function: func.name, event: JSON.parse(event), fault: fault.do, cold: result.cold ?? false,
      error: result.errorType ?? null, payload: result.payload,
    });
    return result;
  }

  async stop() {
    await Promise.all(this.environments.map((environment) => environment.stop()));
  }
}
