// The npm package @2bad/bitrix, unmodified, by its documented examples. Usage: node 2bad.js WEBHOOK_URL
const assert = require('node:assert');
const { Bitrix } = require('@2bad/bitrix');

async function main(url) {
  const bitrix = Bitrix(url);
  const { result: id } = await bitrix.contacts.create({ NAME: 'Zoe', LAST_NAME: 'Client', PHONE: [{ VALUE: '+48600100300', VALUE_TYPE: 'MOBILE' }] });
  await bitrix.contacts.update(String(id), { NAME: 'Zofia' });
  const { result: contact } = await bitrix.contacts.get(String(id));
  assert.deepStrictEqual([contact.NAME, contact.LAST_NAME, contact.PHONE[0].VALUE], ['Zofia', 'Client', '+48600100300']);

  const { result: deal } = await bitrix.deals.create({ TITLE: 'By a client', OPPORTUNITY: '99.50', CONTACT_ID: String(id) });
  const { result: read } = await bitrix.deals.get(String(deal));
  assert.deepStrictEqual([read.TITLE, read.OPPORTUNITY, read.STAGE_ID, read.CONTACT_ID], ['By a client', '99.50', 'NEW', String(id)]);
  await bitrix.deals.update(String(deal), { STAGE_ID: 'WON' });
  assert.strictEqual((await bitrix.deals.get(String(deal))).result.CLOSED, 'Y');

  const commands = [];
  for (let i = 0; i < 120; i++) {
    commands.push({ method: 'crm.lead.add', params: { fields: { TITLE: `Lead & ${i}`, NAME: 'Jan', LAST_NAME: 'Kot' } } });
  }
  const made = await bitrix.batch(commands);
  assert.strictEqual(Object.values(made.result.result).length, 120);
  const { result: leads } = await bitrix.leads.list({ select: ['*', 'UF_*'], filter: { '%TITLE': 'Lead &' } });
  assert.strictEqual(new Set(leads.map((l) => l.ID)).size, 120);
  assert.ok(leads.every((l) => l.LAST_NAME === 'Kot'));

  assert.ok('TITLE' in (await bitrix.leads.fields()).result);
  assert.ok((await bitrix.statuses.list({ filter: { ENTITY_ID: 'STATUS' } })).result.length === 5);
  assert.strictEqual((await bitrix.users.get()).result.length > 0, true);
  await assert.rejects(bitrix.deals.get('999999'));
  await assert.rejects(bitrix.deals.update(String(deal), { NO_SUCH_FIELD: 1 }));
}

main(process.argv[2]).then(() => console.log('@2bad/bitrix works'), (error) => {
  console.error(error);
  process.exit(1);
});
