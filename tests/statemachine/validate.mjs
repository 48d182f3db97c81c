// Holds a definition against asl-validator: node validate.mjs FILE. Ends with 1 and says why.

import { readFileSync } from 'node:fs';

import validate from 'asl-validator';

const found = validate(JSON.parse(readFileSync(process.argv[2], 'utf8')),
  { checkArn: true, checkPaths: true });
if (!found.isValid) {
  console.error(found.errorsText('\n'));
  process.exit(1);
}
