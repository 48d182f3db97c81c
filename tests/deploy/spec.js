/* Holds the properties of each resource of a template against aws-service-spec: names, types, allowed
 * values, what is required. What only AWS can evaluate (a reference, a joined text) is taken as it
 * is; both ways of Fn::If are looked at. */
"use strict";
const { loadAwsServiceSpecSync } = require("@aws-cdk/aws-service-spec");

const db = loadAwsServiceSpecSync();
const OPAQUE = /^(Ref|Fn::(GetAtt|Sub|Join|Select|Split|ImportValue|FindInMap|Base64|Cidr))$/;

function intrinsic(value) {
  const keys = value !== null && typeof value === "object" ? Object.keys(value) : [];
  return keys.length === 1 && (OPAQUE.test(keys[0]) || keys[0] === "Fn::If") ? keys[0] : null;
}

function isNoValue(value) {
  return intrinsic(value) === "Ref" && value.Ref === "AWS::NoValue";
}

const SCALARS = {
  string: (value) => typeof value === "string",
  "date-time": (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
  json: () => true,
  null: (value) => value === null,
};

/* Returns a list of complaints; none means that the value is of the type. */
function checkValue(type, value, where) {
  const kind = intrinsic(value);
  if (kind === "Fn::If") {
    return value[kind].slice(1).flatMap((way) => checkValue(type, way, where));
  }
  if (kind !== null) {
    return [];
  }
  if (type.type === "union") {
    const ways = type.types.map((each) => checkValue(each, value, where));
    return ways.some((way) => way.length === 0) ? [] : ways[0];
  }
  if (type.type === "array") {
    return Array.isArray(value) ? value.flatMap((each, i) => checkValue(type.element, each, `${where}[${i}]`))
      : [`${where}: not a list`];
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    return checkScalar(type, value, where);
  }
  if (type.type === "map") {
    return Object.entries(value).flatMap(([key, each]) => checkValue(type.element, each, `${where}.${key}`));
  }
  if (type.type === "ref") {
    return checkProperties(db.get("typeDefinition", type.reference.$ref).properties, value, where);
  }
  return type.type === "json" || type.type === "tag" ? [] : [`${where}: not a ${type.type}`];
}

function checkScalar(type, value, where) {
  const isOfType = SCALARS[type.type];
  if (isOfType === undefined || !isOfType(value)) {
    return [`${where}: not a ${type.type}`];
  }
  return type.allowedValues && !type.allowedValues.includes(value)
    ? [`${where}: "${value}" is not one of ${type.allowedValues.join(", ")}`] : [];
}

function checkProperties(properties, values, where) {
  const complaints = [];
  for (const [name, value] of Object.entries(values)) {
    const property = properties[name];
    if (property === undefined) {
      complaints.push(`${where}.${name}: there is no such property`);
    } else {
      complaints.push(...checkValue(property.type, value, `${where}.${name}`));
    }
  }
  for (const [name, property] of Object.entries(properties)) {
    if (property.required && (values[name] === undefined || isNoValue(values[name]))) {
      complaints.push(`${where}.${name}: required`);
    }
  }
  return complaints;
}

exports.checkSpec = function checkSpec(template) {
  const findings = [];
  for (const [id, resource] of Object.entries(template.Resources)) {
    const found = [...db.lookup("resource", "cloudFormationType", "equals", resource.Type)];
    const complaints = found.length === 0 ? [`${resource.Type}: there is no such type`]
      : checkProperties(found[0].properties, resource.Properties || {}, id);
    findings.push(...complaints.map((text) => ({ check: "spec", resource: id, text })));
  }
  return findings;
};
