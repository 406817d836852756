'use strict';
// The contract as npm's proto-loader reads it, stubs for its services, and the details of an error.
const path = require('path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');

const CONTRACT = process.env.CONTRACT;
const definition = protoLoader.loadSync(['atomikd/v1/commit_service.proto', 'grpc/health/v1/health.proto'],
  { includeDirs: [CONTRACT], keepCase: true, longs: Number, enums: String, oneofs: true, defaults: true });
const contract = grpc.loadPackageDefinition(definition);

const root = new protobuf.Root();
const resolve = root.resolvePath;
root.resolvePath = (origin, target) => target.startsWith('google/rpc/') ? path.join(CONTRACT, target) : resolve.call(root, origin, target);
root.loadSync(['google/rpc/status.proto', 'google/rpc/error_details.proto']);
const Status = root.lookupType('google.rpc.Status');
const ErrorInfo = root.lookupType('google.rpc.ErrorInfo');

function errorInfo(error) {
  const [details] = error.metadata ? error.metadata.get('grpc-status-details-bin') : [];
  if (!details) return null;
  const status = Status.decode(details);
  if (status.code !== error.code || status.message !== error.details || status.details.length !== 1) {
    throw new Error(`the status in the details is another: ${JSON.stringify(status)} ${error}`);
  }
  return ErrorInfo.decode(status.details[0].value);
}

// A promise of the answer beside the call, so that it can be cancelled.
function unary(client, method, request, { deadline = 20000, metadata = new grpc.Metadata() } = {}) {
  let call;
  const answer = new Promise((done, fail) => {
    call = client[method](request, metadata, { deadline: Date.now() + deadline }, (error, value) => error ? fail(error) : done(value));
  });
  answer.call = call;
  return answer;
}

module.exports = { grpc, contract, errorInfo, unary };
