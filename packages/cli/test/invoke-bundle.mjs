// Loads a built Lambda bundle as the runtime does and hands back what its handler returns.
const [bundle, event] = process.argv.slice(2);
const { handler } = await import(bundle);
process.send(await handler(JSON.parse(event)));
process.disconnect();
