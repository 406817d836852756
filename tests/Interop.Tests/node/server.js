'use strict';
// A grpc-js server of the probe's four calls, for our client. It ends when its standard input does.
const path = require('path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const definition = protoLoader.loadSync('probe.proto', { includeDirs: [path.join(__dirname, '..', 'protos')], longs: Number, defaults: true });
const probe = grpc.loadPackageDefinition(definition).atomikd.probe.Probe;

let left = 0;

function failure(request) {
  const metadata = new grpc.Metadata();
  metadata.add('x-trail', 'end');
  metadata.add('x-trail-bin', Buffer.from(Array.from({ length: 256 }, (_, i) => i)));
  return { code: request.number, details: request.text, metadata };
}

// Its end is the caller's leaving.
function hang(call) { call.on('cancelled', () => { left++; }); }

const echo = request => ({ text: request.text, payload: request.payload, number: request.number });

const server = new grpc.Server();
server.addService(probe.service, {
  Say(call, answer) {
    const { request } = call;
    if (request.act === 'fail') answer(failure(request));
    else if (request.act === 'hang') hang(call);
    else if (request.act === 'left') answer(null, { number: left });
    else if (request.act === 'metadata') {
      const metadata = new grpc.Metadata();
      metadata.add('x-out', call.metadata.get('x-in')[0]);
      metadata.add('x-out-bin', call.metadata.get('x-in-bin')[0]);
      call.sendMetadata(metadata);
      answer(null, { number: Math.max(0, new Date(call.getDeadline()).getTime() - Date.now()) });
    } else answer(null, echo(request));
  },

  async Count(call) {
    const { request } = call;
    const messages = request.act === 'fail' ? 3 : request.number;
    for (let number = 0; number < messages && !call.cancelled; number++) {
      if (!call.write({ text: request.text, payload: request.payload, number })) await new Promise(done => call.once('drain', done));
    }
    if (request.act === 'fail') call.emit('error', failure(request));
    else if (request.act === 'hang') hang(call);
    else call.end();
  },

  Collect(call, answer) {
    let messages = 0, size = 0;
    call.on('data', request => { messages++; size += request.payload.length; });
    call.on('end', () => answer(null, { text: `${messages}`, number: size }));
  },

  Chat(call) {
    call.on('data', request => { if (request.act === 'fail') call.emit('error', failure(request)); else call.write(echo(request)); });
    call.on('end', () => call.end());
  },
});
server.bindAsync('unix:' + process.argv[2], grpc.ServerCredentials.createInsecure(), error => {
  if (error) throw error;
  console.log('ready');
});
process.stdin.on('end', () => process.exit(0)).resume();
