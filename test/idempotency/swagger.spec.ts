import { Controller, Post } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Idempotent, PreventDuplicate } from 'nestjs-redis-lock';
import { ApiIdempotent, ApiPreventDuplicate } from 'nestjs-redis-lock/swagger';
import { HttpStage } from './support/http-stage.js';

@Controller()
class Documented {
  @Post('orders')
  @Idempotent()
  @ApiIdempotent()
  order(): void {
    // only its documentation counts
  }

  @Post('optional')
  @Idempotent({ header: 'X-Key', required: false })
  @ApiIdempotent({ header: 'X-Key', required: false })
  optional(): void {
    // as above
  }

  @Post('guarded')
  @PreventDuplicate({ key: 'all', status: 400 })
  @ApiPreventDuplicate({ status: 400 })
  guarded(): void {
    // as above
  }

  @Post('conflict')
  @PreventDuplicate({ key: 'all' })
  @ApiPreventDuplicate()
  conflict(): void {
    // as above
  }
}

it('documents the header and the answers of both decorators', async () => {
  const stage = await HttpStage.open({ framework: 'express', controllers: [Documented], idempotency: { scope: 'global' } });
  try {
    const { paths } = SwaggerModule.createDocument(stage.app, new DocumentBuilder().build());
    const described = Object.entries(paths).map(([path, { post }]) => {
      const headers = (post?.parameters ?? []).map((parameter) =>
        'name' in parameter ? `${parameter.name}${parameter.required === true ? '' : '?'}` : '',
      );
      const answers = Object.entries(post?.responses ?? {}).flatMap(([status, response]) => {
        const content = response !== undefined && 'content' in response ? response.content?.['application/problem+json'] : undefined;
        return content === undefined ? [] : [`${status} ${Object.keys(content.examples ?? {}).join(' ')}`];
      });
      return [path, headers, answers];
    });
    const conflicts = '409 IDEMPOTENCY_IN_PROGRESS IDEMPOTENCY_OUTCOME_UNKNOWN IDEMPOTENCY_NOT_REPLAYABLE';
    const [reused, down] = ['422 IDEMPOTENCY_KEY_REUSED', '503 IDEMPOTENCY_STORE_UNAVAILABLE'];
    expect(described).toEqual([
      ['/orders', ['Idempotency-Key'], ['400 IDEMPOTENCY_KEY_MISSING IDEMPOTENCY_KEY_INVALID', conflicts, reused, down]],
      ['/optional', ['X-Key?'], ['400 IDEMPOTENCY_KEY_INVALID', conflicts, reused, down]],
      ['/guarded', [], ['400 DUPLICATE_SUBMIT DUPLICATE_KEY_MISSING', down]],
      ['/conflict', [], ['400 DUPLICATE_KEY_MISSING', '409 DUPLICATE_SUBMIT', down]],
    ]);
  } finally {
    await stage.close();
  }
});
