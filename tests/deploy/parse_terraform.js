/* Parses the .tf files of a folder into one JSON object on stdout, as @cdktf/hcl2json does: blocks by
 * type and name, expressions as "${...}". Ends with 1 and the message of the parser where one is wrong.
 *
 *     node parse_terraform.js FOLDER */
"use strict";
const fs = require("fs");
const path = require("path");
const { parse } = require("@cdktf/hcl2json");

/* Files of a module are one namespace: blocks of one type and different names come together. */
function merge(into, from) {
  for (const [key, value] of Object.entries(from)) {
    if (Array.isArray(value) && Array.isArray(into[key])) {
      into[key] = into[key].concat(value);
    } else if (value !== null && typeof value === "object" && into[key] !== undefined) {
      merge(into[key], value);
    } else {
      into[key] = value;
    }
  }
  return into;
}

async function main(folder) {
  const module = {};
  for (const name of fs.readdirSync(folder).sort().filter((each) => each.endsWith(".tf"))) {
    const text = fs.readFileSync(path.join(folder, name), "utf8");
    merge(module, await parse(name, text));
  }
  process.stdout.write(JSON.stringify(module) + "\n");
}

main(process.argv[2]).catch((error) => {
  process.stderr.write(`${error.message || error}\n`);
  process.exit(1);
});
