/**
 * A short hash of the sources of the addon. binding.gyp compiles in what this prints, and what loads the addon compares it with the
 * sources of the moment. CommonJS, so that it can be required at run time from TypeScript compiled to wherever.
 */
const { createHash } = require('node:crypto');
const { readdirSync, readFileSync } = require('node:fs');
const path = require('node:path');

/** Of binding.gyp and the C++ files beside this one. */
function sourceHash() {
  const sources = readdirSync(__dirname)
    .filter((name) => /\.(cc|h)$/.test(name))
    .sort()
    .map((name) => path.join(__dirname, name));
  const hash = createHash('sha256');
  for (const file of [path.join(__dirname, '../binding.gyp'), ...sources]) {
    const content = readFileSync(file);
    hash.update(`${path.basename(file)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

module.exports = { sourceHash };
if (require.main === module) console.log(sourceHash());
