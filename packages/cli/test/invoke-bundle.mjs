// Loads a built Lambda bundle as the runtime does, and hands back what its handler returns or throws.
const [bundle, event] = process.argv.slice(2);
const context = {
  functionName: 'function',
  memoryLimitInMB: '1024',
  invokedFunctionArn: 'arn:aws:lambda:ap-south-1:123456789012:function:function',
  awsRequestId: 'request',
};
const { handler } = await import(bundle);
const outcome = await handler(JSON.parse(event), context).then(
  (result) => ({ result }),
  ({ name, message }) => ({ error: { name, message } }),
);
process.send(outcome);
process.disconnect();
