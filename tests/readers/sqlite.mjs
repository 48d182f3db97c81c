/* sqlite.mjs FILE QUERY...: each query's rows as SQLite 3.35 gives them (sql.js 1.5.0), in JSON. */
import { readFileSync } from "node:fs";
import initSqlJs from "sql.js";

const [path, ...queries] = process.argv.slice(2);
const wasmBinary = readFileSync(new URL("node_modules/sql.js/dist/sql-wasm.wasm", import.meta.url));
const SQL = await initSqlJs({ wasmBinary });
const db = new SQL.Database(readFileSync(path));
const rows = queries.map((query) => db.exec(query)[0]?.values ?? []);
process.stdout.write(JSON.stringify(rows));
