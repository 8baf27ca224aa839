// validate.cjs SCHEMA FILE...: one line for each file, "valid FILE" or "invalid FILE: why". Reads
// YAML 1.2 and JSON Schema 2020-12 by parsers that share nothing with offhook.
const fs = require("fs");
const Ajv = require("ajv/dist/2020");
const yaml = require("yaml");

const [schema, ...files] = process.argv.slice(2);
const check = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true, strictTypes: false })
  .compile(JSON.parse(fs.readFileSync(schema, "utf8")));

for (const file of files) {
  let why = "";
  try {
    const document = yaml.parse(fs.readFileSync(file, "utf8"), { version: "1.2" });
    if (!check(document))
      why = check.errors.slice(0, 3).map((e) => `${e.instancePath} ${e.message}`).join("; ");
  } catch (e) {
    why = String(e.message).split("\n")[0];
  }
  console.log(why ? `invalid ${file}: ${why}` : `valid ${file}`);
}
