// Reads a state machine's definition for the adapter: puts in the substitutions, and refuses what
// neither the interpreter nor the adapter executes as AWS does. The interpreter ignores such fields
// without a word, and a test would then show something that AWS never does.

import { readFileSync } from 'node:fs';

const COMMON = ['Type', 'Comment', 'Next', 'End', 'InputPath', 'OutputPath'];
const RESULT = ['Parameters', 'ResultSelector', 'ResultPath', 'Retry', 'Catch'];
const FIELDS = {
  Pass: [...COMMON, 'Parameters', 'Result', 'ResultPath'],
  Task: [...COMMON, ...RESULT, 'Resource', 'TimeoutSeconds'],
  Choice: ['Type', 'Comment', 'Choices', 'Default', 'InputPath', 'OutputPath'],
  Wait: [...COMMON, 'Seconds'],
  Succeed: ['Type', 'Comment', 'InputPath', 'OutputPath'],
  Fail: ['Type', 'Comment', 'Error', 'Cause', 'ErrorPath', 'CausePath'],
  Map: [...COMMON, 'ResultSelector', 'ResultPath', 'Retry', 'Catch', 'Label', 'MaxConcurrency',
    'ToleratedFailurePercentage', 'ToleratedFailureCount', 'ItemReader', 'ItemSelector',
    'ItemProcessor', 'ResultWriter'],
};
const RETRIER = ['ErrorEquals', 'IntervalSeconds', 'BackoffRate', 'MaxDelaySeconds', 'MaxAttempts',
  'JitterStrategy'];
const CATCHER = ['ErrorEquals', 'Next', 'ResultPath'];
const MACHINE = ['Comment', 'StartAt', 'States', 'TimeoutSeconds', 'Version'];
export const RESOURCES = ['arn:aws:states:::lambda:invoke', 'arn:aws:states:::sns:publish'];
const MAX_TIMER_SECONDS = 2147483; // Node's timers hold 31 bits of milliseconds.

function refuse(where, what) {
  throw new Error(`${where}: ${what}: the adapter does not execute this as AWS does`);
}

function checkFields(where, object, known) {
  for (const field of Object.keys(object)) {
    if (!known.includes(field)) {
      refuse(where, `field ${field}`);
    }
  }
}

// The interpreter knows neither of these of the context object.
function checkPaths(where, value) {
  if (typeof value === 'string' && /\$\$\.(State|Task)\b/.test(value)) {
    refuse(where, value);
  } else if (value !== null && typeof value === 'object') {
    Object.entries(value).forEach(([key, inner]) => checkPaths(`${where}.${key}`, inner));
  }
}

function checkTask(where, state) {
  if (!RESOURCES.includes(state.Resource)) {
    refuse(where, `Resource ${state.Resource}`);
  }
}

function checkMap(where, state) {
  const mode = state.ItemProcessor?.ProcessorConfig ?? {};
  if (mode.Mode !== 'DISTRIBUTED' || mode.ExecutionType !== 'STANDARD') {
    refuse(where, 'a Map that is not DISTRIBUTED with STANDARD children');
  }
  checkFields(`${where}.ProcessorConfig`, mode, ['Mode', 'ExecutionType']);
  const reader = state.ItemReader ?? refuse(where, 'a Map without ItemReader');
  checkFields(`${where}.ItemReader`, reader, ['Resource', 'ReaderConfig', 'Parameters']);
  checkFields(`${where}.ReaderConfig`, reader.ReaderConfig ?? {}, ['InputType']);
  if (reader.Resource !== 'arn:aws:states:::s3:getObject' ||
      reader.ReaderConfig?.InputType !== 'JSON') {
    refuse(where, 'an ItemReader of anything but a JSON array in S3');
  }
  if (state.ResultWriter !== undefined) {
    checkFields(`${where}.ResultWriter`, state.ResultWriter, ['Resource', 'Parameters']);
  }
  for (const rule of [...(state.Retry ?? []), ...(state.Catch ?? [])]) {
    if (rule.ErrorEquals.includes('States.TaskFailed')) {
      refuse(where, 'States.TaskFailed of a Map'); // It is a Task to the interpreter.
    }
  }
  const { ProcessorConfig: _, ...machine } = state.ItemProcessor;
  checkMachine(where, machine);
}

function checkState(where, state) {
  checkFields(where, state, FIELDS[state.Type] ?? refuse(where, `Type ${state.Type}`));
  if (state.ResultPath === '$') {
    refuse(where, 'ResultPath $'); // The interpreter makes a member named "$" of it.
  }
  if (state.TimeoutSeconds > MAX_TIMER_SECONDS) {
    refuse(where, `TimeoutSeconds ${state.TimeoutSeconds}`);
  }
  (state.Retry ?? []).forEach((rule) => checkFields(`${where}.Retry`, rule, RETRIER));
  (state.Catch ?? []).forEach((rule) => checkFields(`${where}.Catch`, rule, CATCHER));
  if (state.Type === 'Task') {
    checkTask(where, state);
  } else if (state.Type === 'Map') {
    checkMap(where, state);
  }
}

function checkMachine(where, machine) {
  checkFields(where, machine, MACHINE);
  if (machine.TimeoutSeconds > MAX_TIMER_SECONDS) {
    refuse(where, `TimeoutSeconds ${machine.TimeoutSeconds}`);
  }
  for (const [name, state] of Object.entries(machine.States)) {
    checkState(`${where}/${name}`, state);
  }
}

// The text with each ${Name} replaced; a name that is not given stays an error, as in CloudFormation.
export function substitute(text, substitutions) {
  return text.replace(/\$\{(\w+)\}/g, (whole, name) => {
    if (substitutions[name] === undefined) {
      throw new Error(`there is no substitution for ${whole}`);
    }
    return JSON.stringify(substitutions[name]).slice(1, -1);
  });
}

export function readDefinition(path, substitutions) {
  const machine = JSON.parse(substitute(readFileSync(path, 'utf8'), substitutions));
  checkMachine('the definition', machine);
  checkPaths('the definition', machine);
  return machine;
}
