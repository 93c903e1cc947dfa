// Usage: node validate_gltf.mjs FILE.glb -- prints the issues found by Khronos' validator, as JSON.
import fs from 'node:fs';
import validator from 'gltf-validator';

const report = await validator.validateBytes(new Uint8Array(fs.readFileSync(process.argv[2])));
console.log(JSON.stringify(report.issues));
