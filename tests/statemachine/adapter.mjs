// Executes a state machine's own definition with the interpreter aws-local-stepfunctions, and adds
// what that lacks of Step Functions: Distributed Map (items from S3, one child execution for each,
// bounded concurrency, tolerated failures, ResultWriter), the integrations lambda:invoke and
// sns:publish, and the limit of 256 KiB on the input and output of each state and child.
//
// To the interpreter, a Map is a Task, whose handler is here. What neither executes as AWS does,
// definition.mjs refuses.

import { randomUUID } from 'node:crypto';

import { StateMachine } from './interpreter.mjs';

const MAX_BYTES = 256 * 1024;
const MAP_TIMEOUT_SECONDS = 2000000; // A Map has none; the interpreter's default is a minute.
const MACHINE_ARN = 'arn:aws:states:eu-west-1:111122223333:stateMachine:confhouse';
const EXECUTION_ARN = 'arn:aws:states:eu-west-1:111122223333:execution:confhouse';

class StateError extends Error {
  constructor(name, cause, isCatchable = true) {
    super(cause);
    this.name = name;
    this.isCatchable = isCatchable;
    this.isRetryable = isCatchable;
  }
}

// No Catch sees this one, not even States.ALL.
function checkSize(what, value) {
  const size = Buffer.byteLength(JSON.stringify(value ?? null));
  if (size > MAX_BYTES) {
    throw new StateError('States.DataLimitExceeded', `${what} has ${size} bytes`, false);
  }
  return value;
}

// A payload template, evaluated by the interpreter itself.
async function fillTemplate(template, input, context) {
  const machine = new StateMachine({
    StartAt: 'Fill', States: { Fill: { Type: 'Pass', Parameters: template, End: true } },
  }, { validationOptions: { noValidate: true } });
  return machine.run(input, { context }).result;
}

// For the interpreter: each Map a Task. The Maps are given back by name.
function replaceMaps(machine, maps) {
  const states = Object.entries(machine.States).map(([name, state]) => {
    if (state.Type !== 'Map') {
      return [name, state];
    }
    maps.set(name, state);
    const { InputPath, OutputPath, ResultSelector, ResultPath, Retry, Catch, Next, End } = state;
    const task = {
      Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke',
      TimeoutSeconds: MAP_TIMEOUT_SECONDS,
      InputPath, OutputPath, ResultSelector, ResultPath, Retry, Catch, Next, End,
    };
    return [name, Object.fromEntries(Object.entries(task).filter(([, v]) => v !== undefined))];
  });
  return { ...machine, States: Object.fromEntries(states) };
}

export class Adapter {
  // `aws`: see aws.mjs. `functions`: see functions.mjs. `waitMs` and `retryMs` replace the time of
  // each Wait and Retry. `onEvent({ execution, type, state, ... })` hears of each state.
  constructor({ aws, functions, waitMs, retryMs, onEvent = () => {} }) {
    Object.assign(this, { aws, functions, waitMs, retryMs, onEvent });
    this.running = new Set();
  }

  async invokeFunction({ FunctionName, Payload }) {
    const result = await this.functions.invoke(FunctionName, JSON.stringify(Payload ?? {}));
    if (result.errorType !== undefined) {
      throw new StateError(result.errorType, result.payload);
    }
    return { ExecutedVersion: '$LATEST', StatusCode: 200, Payload: JSON.parse(result.payload) };
  }

  async readItems(reader, input, context) {
    try {
      const { Bucket, Key } = await fillTemplate(reader.Parameters, input, context);
      const items = JSON.parse(await this.aws.getObject(Bucket, Key));
      if (!Array.isArray(items)) {
        throw new Error(`s3://${Bucket}/${Key} is not a JSON array`);
      }
      return items;
    } catch (error) {
      throw new StateError('States.ItemReaderFailed', error.message);
    }
  }

  // As Step Functions lays them out: a manifest, and one file for each outcome that there is.
  async writeResults(writer, runArn, results, input, context) {
    try {
      const { Bucket, Prefix } = await fillTemplate(writer.Parameters, input, context);
      const folder = `${Prefix.replace(/\/$/, '')}/${runArn.split(':').pop()}`;
      const files = {};
      for (const status of ['SUCCEEDED', 'FAILED', 'PENDING']) {
        const rows = results.filter((result) => result.Status === status);
        const text = JSON.stringify(rows);
        files[status] = [];
        if (rows.length > 0) {
          const key = `${folder}/${status}_0.json`;
          await this.aws.putObject(Bucket, key, text);
          files[status].push({ Key: key, Size: Buffer.byteLength(text) });
        }
      }
      const key = `${folder}/manifest.json`;
      await this.aws.putObject(Bucket, key, JSON.stringify(
        { DestinationBucket: Bucket, MapRunArn: runArn, ResultFiles: files }));
      return { MapRunArn: runArn, ResultWriterDetails: { Bucket, Key: key } };
    } catch (error) {
      throw new StateError('States.ResultWriterFailed', error.message);
    }
  }

  async runChild(map, item, index, input, context, runArn) {
    const itemContext = { ...context, Map: { Item: { Index: index, Value: item } } };
    const childInput = map.ItemSelector === undefined ? item
      : await fillTemplate(map.ItemSelector, input, itemContext);
    checkSize(`the input of child ${index}`, childInput);
    const name = randomUUID();
    const { ProcessorConfig: _, ...machine } = map.ItemProcessor;
    const result = await this.run(machine, childInput, `${EXECUTION_ARN}/${map.Label}:${name}`);
    return {
      ExecutionArn: `${runArn}:${name}`, Name: name, Input: JSON.stringify(childInput),
      Status: result.status,
      ...(result.status === 'SUCCEEDED' ? { Output: JSON.stringify(result.output) }
        : { Error: result.error, Cause: result.cause }),
    };
  }

  isFailed(map, results, total) {
    const failed = results.filter((result) => result.Status === 'FAILED').length;
    const percentage = map.ToleratedFailurePercentage ?? 0;
    const count = map.ToleratedFailureCount;
    return failed > 0 && (count !== undefined ? failed > count
      : (100 * failed) / total > percentage);
  }

  async runMap(map, input, context) {
    const items = await this.readItems(map.ItemReader, input, context);
    const runArn = `${MACHINE_ARN}/${map.Label}:${randomUUID()}`;
    const results = [];
    let next = 0;
    const work = async () => {
      while (next < items.length && !this.isFailed(map, results, items.length)) {
        const index = next;
        next += 1;
        results.push(await this.runChild(map, items[index], index, input, context, runArn));
      }
    };
    const width = Math.min(map.MaxConcurrency || 10000, items.length);
    await Promise.all(Array.from({ length: width }, work));
    this.onEvent({ type: 'map', items: items.length,
      failed: results.filter((result) => result.Status === 'FAILED').length });
    if (this.isFailed(map, results, items.length)) {
      throw new StateError('States.ExceedToleratedFailureThreshold', 'too many children failed');
    }
    if (map.ResultWriter !== undefined) {
      return this.writeResults(map.ResultWriter, runArn, results, input, context);
    }
    return checkSize('the output of the Map', results.map((result) => JSON.parse(result.Output)));
  }

  // What the interpreter is to do in place of calling AWS.
  overrides(machine, maps, context) {
    const handlers = {};
    const retries = {};
    const waits = {};
    for (const [name, state] of Object.entries(machine.States)) {
      const handle = {
        'arn:aws:states:::lambda:invoke': (input) => this.invokeFunction(input),
        'arn:aws:states:::sns:publish': (input) => this.aws.publish(input),
      }[state.Resource];
      if (state.Type === 'Map') {
        handlers[name] = (input) => this.runMap(maps.get(name), input, context);
      } else if (state.Type === 'Task') {
        handlers[name] = async (input) => checkSize(`the result of ${name}`,
          await handle(checkSize(`the payload of ${name}`, input)));
      } else if (state.Type === 'Wait' && this.waitMs !== undefined) {
        waits[name] = this.waitMs;
      }
      if (this.retryMs !== undefined) {
        retries[name] = this.retryMs;
      }
    }
    return {
      taskResourceLocalHandlers: handlers, waitTimeOverrides: waits,
      retryIntervalOverrides: retries,
    };
  }

  // Watches what passes between states; the error of what was too large.
  async watch(execution, arn) {
    let tooLarge = null;
    for await (const event of execution.eventLogs) {
      const { state } = event;
      this.onEvent({
        execution: arn, type: event.type, state: state?.name, error: event.Error ?? null,
      });
      try {
        checkSize(`the input of ${state?.name}`, state?.input);
        checkSize(`the output of ${state?.name}`, state?.output);
      } catch (error) {
        tooLarge ??= error;
        execution.abort();
      }
    }
    return tooLarge;
  }

  // { status, output } or { status, error, cause } of one execution.
  async run(machine, input, arn = `${EXECUTION_ARN}:${randomUUID()}`) {
    const context = {
      Execution: { Id: arn, Name: arn.split(':').pop(), Input: input,
        StartTime: new Date().toISOString() },
      StateMachine: { Id: MACHINE_ARN, Name: 'confhouse' },
    };
    const maps = new Map();
    const interpreted = new StateMachine(replaceMaps(machine, maps),
      { validationOptions: { noValidate: true } });
    const execution = interpreted.run(input,
      { context, overrides: this.overrides(machine, maps, context) });
    const outcome = execution.result.then(
      (output) => ({ status: 'SUCCEEDED', output }),
      (error) => (error.name === 'ExecutionTimeoutError' ? { status: 'TIMED_OUT' }
        : { status: 'FAILED', error: error.cause?.name ?? error.name,
          cause: error.cause?.message ?? error.message }));
    const tooLarge = await this.watch(execution, arn);
    const result = await outcome;
    return tooLarge === null ? result
      : { status: 'FAILED', error: tooLarge.name, cause: tooLarge.message };
  }
}
