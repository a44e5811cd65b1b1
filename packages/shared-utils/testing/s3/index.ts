// Apart from the rest, since it loads the SDK.
export * from './endpoint';
export * from './faulty-store';
export * from './wire-contract';
