// The npm package @bitrix24/b24jssdk, Bitrix24's own, unmodified. It speaks TLS only, so TLS stands before the server
// here as it does in production. Usage: node b24jssdk.js WEBHOOK_URL, with cert.pem and key.pem beside it
const assert = require('node:assert');
const fs = require('node:fs');
const net = require('node:net');
const tls = require('node:tls');
const { B24Hook } = require('@bitrix24/b24jssdk');

function secured(host, port) {
  const server = tls.createServer({ cert: fs.readFileSync('cert.pem'), key: fs.readFileSync('key.pem') }, (from) => {
    const to = net.connect(port, host);
    from.pipe(to).pipe(from);
    from.on('error', () => to.destroy());
    to.on('error', () => from.destroy());
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
}

async function main(url) {
  const [, host, port, user, secret] = /^http:\/\/(.*):(\d+)\/rest\/(\d+)\/([^/]+)$/.exec(url);
  const b24 = new B24Hook({ b24Url: `https://127.0.0.1:${await secured(host, port)}`, userId: Number(user), secret });
  const call = async (method, params) => {
    const answer = await b24.actions.v2.call.make({ method, params });
    assert.ok(answer.isSuccess, `${method}: ${answer.getErrorMessages().join('; ')}`);
    return answer.getData().result;
  };
  const { item: company } = await call('crm.item.add', { entityTypeId: 4, fields: { title: 'By the SDK' } });
  assert.strictEqual(company.title, 'By the SDK');
  for (let part = 0; part < 3; part++) {
    const calls = {};
    for (let i = 0; i < 40; i++) {
      calls[`c${i}`] = { method: 'crm.item.add', params: { entityTypeId: 2, fields: { title: `Deal ${part * 40 + i}`, companyId: company.id, opportunity: 10.5 } } };
    }
    const made = await b24.actions.v2.batch.make({ calls, options: { isHaltOnError: true } });
    assert.ok(made.isSuccess, made.getErrorMessages().join('; '));
  }
  const all = await b24.actions.v2.callList.make({
    method: 'crm.item.list', params: { entityTypeId: 2, filter: { companyId: company.id }, select: ['id', 'title', 'opportunity'] }, idKey: 'id', customKeyForResult: 'items' });
  assert.ok(all.isSuccess, all.getErrorMessages().join('; '));
  assert.strictEqual(new Set(all.getData().map((d) => d.id)).size, 120);
  assert.strictEqual(all.getData()[0].opportunity, 10.5);
  let seen = 0;
  for await (const chunk of b24.actions.v2.fetchList.make({
    method: 'crm.item.list', params: { entityTypeId: 2, filter: { companyId: company.id }, select: ['id'] }, idKey: 'id', customKeyForResult: 'items' })) {
    seen += chunk.length;
  }
  assert.strictEqual(seen, 120);
  const missing = await b24.actions.v2.call.make({ method: 'crm.item.get', params: { entityTypeId: 2, id: 999999 } }).catch((error) => error);
  assert.ok(missing instanceof Error || !missing.isSuccess);
}

main(process.argv[2]).then(() => {
  console.log('@bitrix24/b24jssdk works');
  process.exit(0);
}, (error) => {
  console.error(error);
  process.exit(1);
});
