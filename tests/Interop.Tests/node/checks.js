'use strict';
// npm's grpc-js as a client of the daemon: every RPC, every refusal, deadlines, cancellation, and the edges of the protocol.
const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const path = require('path');
const { Skip, run, until } = require('./checking');
const { grpc, contract, errorInfo, unary } = require('./stubs');

const LIMIT = 4 * 1024 * 1024;
const C = grpc.status;

class Subject {
  constructor(plan) {
    this.socket = plan.socket;
    this.routes = plan.routes;
    this.commits = this.open();
    this.health = new contract.grpc.health.v1.Health('unix:' + this.socket, grpc.credentials.createInsecure());
  }

  open(options = {}) {
    return new contract.atomikd.v1.CommitService('unix:' + this.socket, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1, ...options });
  }

  staged(route, name) { return path.join(this.routes[route].staging, name); }

  live(route, name) { return path.join(this.routes[route].target, name); }

  stage(route, name, text = 'x') {
    fs.mkdirSync(this.staged(route, name), { recursive: true });
    fs.writeFileSync(path.join(this.staged(route, name), 'index.html'), text);
  }

  read(route, name) { return fs.readFileSync(path.join(this.live(route, name), 'index.html'), 'utf8'); }

  ask(method, request, options) { return unary(this.commits, method, request, options); }

  commit(route, name, text = 'x', fields = {}) {
    this.stage(route, name, text);
    return this.ask('Commit', { route, source: name, ...fields });
  }

  upload(header, chunks) {
    return new Promise((done, fail) => {
      const call = this.commits.Upload({ deadline: Date.now() + 20000 }, (error, value) => error ? fail(error) : done(value));
      if (header) call.write({ header });
      for (const data of chunks) call.write({ data });
      call.end();
    });
  }

  uploads(route) { return fs.readdirSync(path.join(this.routes[route].vault, 'upload')); }
}

async function fails(answer, code) {
  let value;
  try {
    value = await answer;
  } catch (error) {
    if (error.code === undefined) throw error;
    assert.strictEqual(error.code, code, `${error}`);
    return error;
  }
  assert.fail(`did not fail: ${JSON.stringify(value)}`);
}

// The call fails with that code and reason, and says all that it owes.
async function refused(answer, code, reason, retryable, more = {}) {
  const error = await fails(answer, code);
  const info = errorInfo(error);
  assert.ok(info, `no details: ${error}`);
  assert.strictEqual(`${info.reason} ${info.domain}`, `${reason} atomikd`, `${error}`);
  assert.ok(error.details && info.metadata.hint, JSON.stringify(info));
  assert.strictEqual(info.metadata.retryable, `${retryable}`, JSON.stringify(info));
  for (const [key, value] of Object.entries(more)) assert.strictEqual(info.metadata[key], value, JSON.stringify(info));
  return error;
}

// The next message of a stream. Messages that come meanwhile are kept.
class Reading {
  constructor(call) {
    this.call = call;
    this.kept = [];
    this.waiting = [];
    const give = item => this.waiting.length ? this.waiting.shift()(item) : this.kept.push(item);
    call.on('data', value => give({ value }));
    call.on('error', error => give({ error }));
    call.on('end', () => give({ error: new Error('the stream has ended') }));
    this.opened = new Promise(done => call.on('metadata', done));
  }

  async next() {
    const item = this.kept.length ? this.kept.shift() : await new Promise(done => this.waiting.push(done));
    if (item.error) throw item.error;
    return item.value;
  }
}

const watch = (client, request, deadline = 30000) => new Reading(client.Watch(request, { deadline: Date.now() + deadline }));

// A request of about that many bytes, to the byte.
function padded(size) {
  const request = { route: 'site', source: 'padded', labels: { x: '' } };
  const length = () => contract.atomikd.v1.CommitService.service.Commit.requestSerialize(request).length;
  request.labels.x = 'y'.repeat(size - length() - 9);
  while (length() < size) request.labels.x += 'y';
  assert.strictEqual(length(), size);
  return request;
}

const checks = {
  // Every RPC

  async commit(s) {
    const answer = await s.commit('site', 'commit', 'one', { labels: { build: '17', 'ünï': 'cødé' } });
    assert.strictEqual(answer.version.number, 1);
    assert.strictEqual(answer.version.state, 'VERSION_STATE_LIVE');
    assert.strictEqual(answer.version.kind, 'ITEM_KIND_FOLDER');
    assert.deepStrictEqual({ ...answer.version.labels }, { build: '17', 'ünï': 'cødé' });
    assert.strictEqual(answer.version.path, s.live('site', 'commit'));
    assert.strictEqual(s.read('site', 'commit'), 'one');
    const again = await s.commit('site', 'commit', 'two');
    assert.strictEqual(`${again.version.number} ${again.version.replaced}`, '2 1');
  },

  async commit_by_request_id_is_done_once(s) {
    const first = await s.commit('site', 'once', 'x', { request_id: 'js-once' });
    const again = await s.ask('Commit', { route: 'site', source: 'once', request_id: 'js-once' });
    assert.strictEqual(`${first.repeated} ${again.repeated} ${again.version.number}`, 'false true 1');
  },

  async absence_is_not_a_default(s) {
    await s.commit('request', 'absent');
    s.stage('request', 'absent');
    await refused(s.ask('Commit', { route: 'request', source: 'absent' }), C.ALREADY_EXISTS, 'TARGET_EXISTS', false);
    await refused(s.ask('Commit', { route: 'request', source: 'absent', expected_version: 0 }), C.ABORTED, 'VERSION_MISMATCH', true);
    assert.strictEqual((await s.ask('Commit', { route: 'request', source: 'absent', expected_version: 1 })).version.number, 2);
    await s.commit('site', 'absent');
    s.stage('site', 'absent');
    await refused(s.ask('Commit', { route: 'site', source: 'absent', overwrite: false }), C.ALREADY_EXISTS, 'TARGET_EXISTS', false);
  },

  async rollback_and_remove(s) {
    await s.commit('site', 'back', 'one');
    await s.commit('site', 'back', 'two');
    assert.strictEqual((await s.ask('Rollback', { route: 'site', name: 'back' })).version.number, 3);
    assert.strictEqual(s.read('site', 'back'), 'one');
    await s.ask('Remove', { route: 'site', name: 'back', expected_version: 3 });
    assert.ok(!fs.existsSync(s.live('site', 'back')));
    await s.ask('Rollback', { route: 'site', name: 'back', to: 2 });
    assert.strictEqual(s.read('site', 'back'), 'two');
  },

  async hold_and_release(s) {
    await s.commit('site', 'held');
    await s.ask('Hold', { route: 'site', name: 'held', reason: 'look ☠ first' });
    s.stage('site', 'held');
    const error = await refused(s.ask('Commit', { route: 'site', source: 'held' }), C.FAILED_PRECONDITION, 'HELD', true);
    assert.ok(error.details.includes('look ☠ first'), error.details);
    await s.ask('Release', { route: 'site', name: 'held' });
    assert.strictEqual((await s.ask('Commit', { route: 'site', source: 'held' })).version.number, 2);
  },

  async lists_are_paged(s) {
    for (const text of ['1', '2', '3']) await s.commit('site', 'listed', text);
    for (const [method, rows] of [['ListVersions', 'versions'], ['ListHistory', 'entries']]) {
      const numbers = [];
      let page_token = '';
      do {
        const page = await s.ask(method, { route: 'site', name: 'listed', page_size: 2, page_token });
        numbers.push(...page[rows].map(row => (row.success ? row.success.version : row).number));
        page_token = page.next_page_token;
      } while (page_token);
      assert.deepStrictEqual(numbers, [3, 2, 1]);
    }
  },

  async watch_goes_on_without_a_gap(s) {
    await s.commit('fast', 'gapless');
    const begin = watch(s.open(), { routes: ['fast'], initial_live: true });
    let event;
    do event = await begin.next(); while (event.version.name !== 'gapless');
    assert.ok(event.initial);
    begin.call.on('error', () => {});
    begin.call.cancel();
    let after = event.sequence;
    const producing = (async () => { for (let i = 0; i < 500; i++) await s.commit('fast', 'gapless', `${i}`); })();
    const told = [1];
    let connections = 0;
    while (told.at(-1) < 501) {
      const client = s.open();
      const reading = watch(client, { routes: ['fast'], after_sequence: after });
      connections++;
      for (let i = 0; i < 1 + (connections * 37) % 60 && told.at(-1) < 501; i++) {
        event = await reading.next();
        assert.ok(event.sequence > after);
        after = event.sequence;
        if (event.version.name === 'gapless') told.push(event.version.number);
      }
      if (connections % 2) reading.call.cancel();
      client.close();
    }
    await producing;
    assert.deepStrictEqual(told, Array.from({ length: 501 }, (_, i) => i + 1));
    assert.ok(connections > 5);
  },

  async watch_sends_headers_before_the_first_event(s) {
    const reading = watch(s.commits, { routes: ['site'] });
    await reading.opened;
    await s.commit('site', 'watched');
    assert.strictEqual((await reading.next()).version.name, 'watched');
    reading.call.cancel();
    await fails(reading.next(), C.CANCELLED);
    await fails(watch(s.commits, { after_sequence: 2 ** 52 }).next(), C.OUT_OF_RANGE);
  },

  async prune_and_get_status(s) {
    for (const text of ['1', '2', '3']) await s.commit('pruned', 'item', text);
    await s.ask('Prune', { route: 'pruned' });
    const status = await s.ask('GetStatus', {});
    assert.deepStrictEqual(status.routes.map(route => route.name), Object.keys(s.routes).filter(name => name !== 'theirs').sort());
    assert.ok(status.routes.find(route => route.name === 'site').healthy);
    assert.ok(!status.routes.find(route => route.name === 'gone').healthy);
  },

  async health(s) {
    const states = [];
    for (const service of ['', 'atomikd.v1.CommitService', 'site', 'gone']) states.push((await unary(s.health, 'Check', { service })).status);
    assert.deepStrictEqual(states, ['SERVING', 'SERVING', 'SERVING', 'NOT_SERVING']);
    for (const service of ['nosuch', 'theirs']) {
      await fails(unary(s.health, 'Check', { service }), C.NOT_FOUND);
      const reading = new Reading(s.health.Watch({ service }));
      assert.strictEqual((await reading.next()).status, 'SERVICE_UNKNOWN');
      reading.call.cancel();
    }
  },

  async upload(s) {
    const contents = crypto.randomBytes(5_000_000);
    const chunks = [];
    for (let at = 0; at < contents.length; at += 65_536) chunks.push(contents.subarray(at, at + 65_536));
    const header = { route: 'site', name: 'sent', kind: 'ITEM_KIND_FILE', size: contents.length, sha256: crypto.createHash('sha256').update(contents).digest('hex') };
    assert.strictEqual((await s.upload(header, chunks)).version.bytes, contents.length);
    assert.ok(fs.readFileSync(s.live('site', 'sent')).equals(contents));
  },

  async upload_that_is_refused_or_broken_off_leaves_nothing(s) {
    const header = { route: 'site', name: 'half', kind: 'ITEM_KIND_FILE' };
    await refused(s.upload({ ...header, sha256: '0'.repeat(64) }, [Buffer.from('a')]), C.FAILED_PRECONDITION, 'CHECKSUM_MISMATCH', false);
    await refused(s.upload({ ...header, route: 'small' }, Array(9).fill(Buffer.alloc(10_000))), C.INVALID_ARGUMENT, 'ITEM_UNSUPPORTED', false);
    // Refused at the header, with much still to be sent: the caller is not left hanging.
    await refused(s.upload({ ...header, route: 'nosuch' }, Array(200).fill(Buffer.alloc(65_536))), C.NOT_FOUND, 'ROUTE_NOT_FOUND', false);
    await refused(s.upload(null, [Buffer.from('a')]), C.INVALID_ARGUMENT, 'BAD_MARKER', false);
    await until(() => s.uploads('site').length === 0, 'no upload is under way');
    const call = s.commits.Upload(() => {});
    call.write({ header });
    call.write({ data: Buffer.alloc(100_000) });
    await until(() => s.uploads('site').length > 0, 'the upload is under way');
    call.cancel();
    await until(() => s.uploads('site').length === 0, 'nothing of it is left');
    assert.ok(!fs.existsSync(s.live('site', 'half')));
  },

  // Every reason that can be provoked over the door

  async refusals(s) {
    await s.commit('never', 'there');
    s.stage('never', 'there');
    await refused(s.ask('Commit', { route: 'never', source: 'there', overwrite: true }), C.ALREADY_EXISTS, 'TARGET_EXISTS', false,
      { route: 'never', name: 'there', item: s.staged('never', 'there') });
    await refused(s.ask('Commit', { route: 'site', source: 'absent-item' }), C.NOT_FOUND, 'ITEM_NOT_FOUND', true, { name: 'absent-item' });
    fs.symlinkSync('/etc', s.staged('site', 'link'));
    await refused(s.ask('Commit', { route: 'site', source: 'link' }), C.INVALID_ARGUMENT, 'ITEM_UNSUPPORTED', false);
    await refused(s.ask('Commit', { route: 'site', source: 'a/b' }), C.INVALID_ARGUMENT, 'INVALID_NAME', false);
    await refused(s.ask('Commit', { route: 'site', source: 'a', sha256: 'xyz' }), C.INVALID_ARGUMENT, 'BAD_MARKER', false);
    await s.commit('site', 'swap');
    s.stage('site', 'swap');
    await refused(s.ask('Commit', { route: 'site', source: 'swap', expected_version: 9 }), C.ABORTED, 'VERSION_MISMATCH', true);
    await refused(s.ask('Rollback', { route: 'site', name: 'swap', to: 9 }), C.NOT_FOUND, 'VERSION_NOT_FOUND', false);
    await refused(s.ask('Commit', { route: 'site', source: 'swap', sha256: '0'.repeat(64) }), C.FAILED_PRECONDITION, 'CHECKSUM_MISMATCH', false);
    await refused(s.ask('Commit', { route: 'theirs', source: 'a' }), C.NOT_FOUND, 'ROUTE_NOT_FOUND', false);
    await refused(s.ask('Commit', { route: 'gone', source: 'a' }), C.UNAVAILABLE, 'BUSY', true);
    const name = '日本語'.repeat(26);
    const error = await refused(s.ask('Commit', { route: 'site', source: name }), C.NOT_FOUND, 'ITEM_NOT_FOUND', true, { name });
    assert.ok(error.details.includes(name), error.details);
  },

  async refusals_across_file_systems(s) {
    if (!s.routes.cross) throw new Skip('there is no second file system here');
    s.stage('cross', 'far');
    const error = await refused(s.ask('Commit', { route: 'cross', source: 'far' }), C.UNAVAILABLE, 'BUSY', true);
    assert.ok(error.details.includes('two file systems'), error.details);
    s.stage('copy', 'far');
    await refused(s.ask('Commit', { route: 'copy', source: 'far' }), C.RESOURCE_EXHAUSTED, 'NO_SPACE', true);
  },

  async refusal_of_a_foreign_item(s) {
    if (process.geteuid() !== 0) throw new Skip('needs root to give a file away');
    s.stage('mine', 'foreign');
    fs.chownSync(s.staged('mine', 'foreign'), 64123, 64123);
    await refused(s.ask('Commit', { route: 'mine', source: 'foreign' }), C.PERMISSION_DENIED, 'NOT_PERMITTED', false);
  },

  // Deadlines and cancellation

  async deadline_ends_the_waiting_not_the_commit(s) {
    s.stage('site', 'late');
    const writer = fs.openSync(path.join(s.staged('site', 'late'), 'index.html'), 'a');
    await fails(s.ask('Commit', { route: 'site', source: 'late', request_id: 'js-late' }, { deadline: 300 }), C.DEADLINE_EXCEEDED);
    fs.closeSync(writer);
    assert.strictEqual((await s.ask('Commit', { route: 'site', source: 'late', request_id: 'js-late' })).version.number, 1);
  },

  async cancelling_ends_the_waiting_not_the_commit(s) {
    s.stage('site', 'left');
    const writer = fs.openSync(path.join(s.staged('site', 'left'), 'index.html'), 'a');
    const answer = s.ask('Commit', { route: 'site', source: 'left' });
    answer.catch(() => {});
    await until(async () => (await s.ask('GetStatus', {})).routes.find(route => route.name === 'site').queue_length > 0, 'it waits');
    answer.call.cancel();
    await fails(answer, C.CANCELLED);
    fs.closeSync(writer);
    await until(() => fs.existsSync(s.live('site', 'left')), 'it is committed all the same');
  },

  // Sizes

  async messages_up_to_the_limit_are_taken_off_the_wire(s) {
    s.stage('site', 'padded');
    await refused(s.ask('Commit', padded(LIMIT)), C.INVALID_ARGUMENT, 'BAD_MARKER', false);
    await fails(s.ask('Commit', padded(LIMIT + 1)), C.RESOURCE_EXHAUSTED);
    await fails(s.ask('Commit', padded(3 * LIMIT)), C.RESOURCE_EXHAUSTED);
    assert.strictEqual((await s.ask('Commit', { route: 'site', source: 'padded' })).version.number, 1);
  },

  // The edges of the protocol

  async unknown_methods(s) {
    const bytes = value => value;
    for (const method of ['/atomikd.v1.CommitService/Nope', '/nope.Nope/Nope', '/x']) {
      await fails(new Promise((done, fail) => s.commits.makeUnaryRequest(method, bytes, bytes, Buffer.alloc(0), (error, value) => error ? fail(error) : done(value))),
        C.UNIMPLEMENTED);
    }
  },

  async compressed_messages(s) {
    const compressing = s.open({ 'grpc.default_compression_algorithm': 2 });
    await fails(unary(compressing, 'Commit', { route: 'site', source: 'a', labels: { x: 'y'.repeat(5000) } }), C.UNIMPLEMENTED);
    compressing.close();
  },

  async metadata(s) {
    const metadata = new grpc.Metadata();
    metadata.add('x-text', 'plain');
    metadata.add('x-text', 'again');
    metadata.add('x-data-bin', Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
    metadata.add('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    s.stage('site', 'traced');
    assert.strictEqual((await s.ask('Commit', { route: 'site', source: 'traced' }, { metadata })).version.number, 1);
  },

  // Many at once

  async a_thousand_concurrent_calls_on_one_connection(s) {
    const client = s.open();
    const numbers = Array.from({ length: 1000 }, (_, i) => i);
    for (const number of numbers) s.stage('fast', `many-${number}`, `${number}`);
    const answers = await Promise.all(numbers.map(number => unary(client, 'Commit', { route: 'fast', source: `many-${number}` }, { deadline: 40000 })));
    assert.ok(answers.every((answer, number) => answer.version.number === 1 && answer.version.name === `many-${number}`));
    assert.ok(numbers.every(number => s.read('fast', `many-${number}`) === `${number}`));
    client.close();
  },
};

run(checks, new Subject(JSON.parse(fs.readFileSync(process.argv[2], 'utf8')))).then(() => process.exit(0));
