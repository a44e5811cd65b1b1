/** What a process needs to find a local S3 and nothing else: no profile, no metadata service. */
export function awsEnvironment(endpoint: string): NodeJS.ProcessEnv {
  const { PATH } = process.env;
  return {
    PATH,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'ap-south-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
