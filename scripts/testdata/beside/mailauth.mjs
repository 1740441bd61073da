// What mailauth says of one input, as JSON (see main.go).
import { readFileSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const file = process.argv[2];
if (file === '--version') {
    console.log(require('mailauth/package.json').version);
    process.exit(0);
}
const { authenticate } = require('mailauth');
const { spf } = require('mailauth/lib/spf');
const input = JSON.parse(readFileSync(file));
const message = existsSync(file.replace(/json$/, 'eml')) ? readFileSync(file.replace(/json$/, 'eml')) : null;
const latin1 = s => Buffer.from(s, 'latin1').toString('binary');
const resolver = async (name, type) => {
    name = name.toLowerCase().replace(/\.$/, '');
    const found = input.zone.filter(r => r[0] === name && r[1] === type.toUpperCase()).map(r => r[2]);
    if (!found.length) {
        const error = new Error('no such record: ' + name + ' ' + type);
        error.code = 'ENOTFOUND';
        throw error;
    }
    switch (type.toUpperCase()) {
        case 'TXT':
            return found.map(v => [latin1(v)]);
        case 'MX':
            return found.map(v => ({ priority: Number(v.split(' ')[0]), exchange: v.split(' ')[1].replace(/\.$/, '') }));
        default:
            return found.map(v => v.replace(/\.$/, ''));
    }
};
const options = { ip: input.ip, helo: input.helo, sender: input.from, mta: 'mx.reader.example', resolver };
const answer = {};
if (message) {
    const r = await authenticate(message, options);
    answer.author = r.dmarc?.status?.header?.from || '';
    answer.dmarc = r.dmarc?.status?.result || '';
    answer.spf = r.spf?.status?.result || '';
    answer.dkim = (r.dkim?.results || []).map(x => [x.signingDomain || '', x.status?.result || '']);
} else {
    answer.spf = (await spf(options)).status.result;
}
console.log(JSON.stringify(answer));
