/* Checks CloudFormation templates. Reads one template (JSON, intrinsic functions in their long form)
 * from each line of stdin, writes the list of its findings as one line of stdout:
 *
 *     [{"check": "AwsSolutions-S1", "resource": "Bucket", "text": "..."}]
 *
 * Three kinds of checks: CfnInclude with CloudFormation's own rules, cdk-nag's AwsSolutions, and the
 * names, types and allowed values of aws-service-spec ("spec"). One process for many templates, as
 * loading all of this takes longer than checking. */
"use strict";
const fs = require("fs");
const os = require("os");
const path = require("path");
const readline = require("readline");
const cdk = require("aws-cdk-lib");
const { CfnInclude } = require("aws-cdk-lib/cloudformation-include");
const { AwsSolutionsChecks } = require("cdk-nag");
const { checkSpec } = require("./spec.js");

/* Without it, an unknown property or value is a warning that nobody hears of. */
const CONTEXT = { "@aws-cdk/core:validateAgainstDefaultRules": true };

function readReport(folder) {
  const file = path.join(folder, "out", "validation-report.json");
  if (!fs.existsSync(file)) {
    return [];
  }
  const findings = [];
  for (const plugin of JSON.parse(fs.readFileSync(file, "utf8")).pluginReports) {
    for (const violation of plugin.violations) {
      for (const construct of violation.violatingConstructs) {
        const resource = construct.constructPath.split("/").slice(2)[0] || "";
        findings.push({ check: violation.ruleName, resource: resource.split(" ")[0],
                        text: violation.description });
      }
    }
  }
  return findings;
}

function checkInclude(template, folder) {
  const file = path.join(folder, "template.json");
  fs.writeFileSync(file, JSON.stringify(template));
  const app = new cdk.App({ outdir: path.join(folder, "out"), analyticsReporting: false,
                            treeMetadata: false, context: CONTEXT });
  try {
    new CfnInclude(new cdk.Stack(app, "stack"), "template", { templateFile: file });
    cdk.Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    app.synth();
  } catch (error) {
    const findings = readReport(folder);
    return findings.length > 0 ? findings
      : [{ check: "CfnInclude", resource: "", text: String(error.message) }];
  }
  return readReport(folder);
}

function check(template) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "confhouse-deploy-"));
  try {
    return checkSpec(template).concat(checkInclude(template, folder));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(JSON.stringify(check(JSON.parse(line))) + "\n");
});
