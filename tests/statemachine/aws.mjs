// The few calls of AWS that Step Functions makes itself, signed, towards one endpoint: reading items
// and writing results in S3 (by path), publishing to SNS.

import http from 'node:http';
import https from 'node:https';

import aws4 from 'aws4';

export class Aws {
  constructor({ endpoint, region, accessKeyId, secretAccessKey }) {
    this.endpoint = new URL(endpoint);
    this.region = region;
    this.keys = { accessKeyId, secretAccessKey };
  }

  // { status, body } of one signed call.
  call(service, method, path, body = '', headers = {}) {
    const request = aws4.sign({
      service, region: this.region, method, path, body, headers,
      host: this.endpoint.host,
    }, this.keys);
    const client = this.endpoint.protocol === 'https:' ? https : http;
    return new Promise((resolve, reject) => {
      const call = client.request({
        host: this.endpoint.hostname, port: this.endpoint.port, method, path,
        headers: request.headers, timeout: 60000,
      }, (answer) => {
        const chunks = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('end', () => resolve({
          status: answer.statusCode, body: Buffer.concat(chunks).toString('utf8'),
        }));
        answer.on('error', reject);
      });
      call.on('timeout', () => call.destroy(new Error('no answer for 60 s')));
      call.on('error', reject);
      call.end(request.body);
    });
  }

  async s3(method, bucket, key, body) {
    const path = `/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
    const answer = await this.call('s3', method, path, body);
    if (answer.status !== 200) {
      throw new Error(`${method} s3://${bucket}/${key}: ${answer.status} ${answer.body}`);
    }
    return answer.body;
  }

  getObject(bucket, key) {
    return this.s3('GET', bucket, key);
  }

  putObject(bucket, key, body) {
    return this.s3('PUT', bucket, key, body);
  }

  // Errors carry SNS's code as their name, as Step Functions gives them: "SNS.<code>Exception".
  async publish(parameters) {
    const form = new URLSearchParams({ Action: 'Publish', Version: '2010-03-31', ...parameters });
    const answer = await this.call('sns', 'POST', '/', form.toString(), {
      'Content-Type': 'application/x-www-form-urlencoded; charset=utf-8',
    });
    if (answer.status !== 200) {
      const code = /<Code>([^<]*)/.exec(answer.body)?.[1] ?? 'Unknown';
      const error = new Error(answer.body);
      error.name = `SNS.${code}Exception`;
      throw error;
    }
    return { MessageId: /<MessageId>([^<]*)/.exec(answer.body)?.[1] };
  }
}
