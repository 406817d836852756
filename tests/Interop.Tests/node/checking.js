'use strict';
// Runs every check, and prints one line of JSON for each.
class Skip extends Error {}

async function run(checks, subject) {
  for (const [name, check] of Object.entries(checks)) {
    const started = Date.now();
    let outcome = 'ok', detail = '', timer;
    try {
      const limit = new Promise((_, fail) => { timer = setTimeout(() => fail(new Error('not over within 40 s')), 40000); });
      await Promise.race([check(subject), limit]);
    } catch (error) {
      outcome = error instanceof Skip ? 'skipped' : 'failed';
      detail = error instanceof Skip ? error.message : error.stack;
    } finally {
      clearTimeout(timer);
    }
    console.log(JSON.stringify({ check: name, outcome, detail, seconds: (Date.now() - started) / 1000 }));
  }
}

// Waits for what another process brings about.
async function until(condition, what, milliseconds = 15000) {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const found = await condition();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`not within ${milliseconds} ms: ${what}`);
    await new Promise(done => setTimeout(done, 10));
  }
}

module.exports = { Skip, run, until };
