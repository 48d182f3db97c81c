// The interpreter aws-local-stepfunctions, made to run on the Node of Debian 12 (18) and later, and
// without AWS's SDK: the adapter answers each task itself, so nothing here may call AWS.

import Module, { createRequire } from 'node:module';

// The interpreter asks for Node 22 only for this.
Promise.withResolvers ??= function withResolvers() {
  let resolve;
  let reject;
  const promise = new this((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
};

class NoAws {
  constructor() {
    throw new Error('a task without a handler of the adapter would have called AWS');
  }
}

const load = Module._load;
Module._load = function loadWithoutSdk(name, ...rest) {
  return name.startsWith('@aws-sdk/') ? { LambdaClient: NoAws, InvokeCommand: NoAws }
    : load.call(this, name, ...rest);
};
export const { StateMachine } = createRequire(import.meta.url)('aws-local-stepfunctions');
Module._load = load;
