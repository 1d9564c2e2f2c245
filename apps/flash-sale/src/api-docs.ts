import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';

/** The API's description as a page at /docs, and for programs at /docs-json. */
export function serveApiDocs(app: INestApplication): void {
  const description = new DocumentBuilder()
    .setTitle('Flash sale')
    .setDescription('A shop that cannot oversell: the sample application of nestjs-redis-lock.')
    .setVersion('0.1.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'The name of the user.' })
    .setLicense('MIT', '')
    .build();
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, description));
}
