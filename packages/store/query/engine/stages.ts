import type { PipeNode } from '../language/index.ts'
import { chunkView, everyRow, type Batch, type Chunk, type GatherStage, type StageContext, type StreamStage } from '../pipe/index.ts'
import { stageOf } from './program.ts'

export function wholeChunk(chunk: Chunk): Batch {
  return { view: chunkView(chunk), picked: everyRow(chunk.count) }
}

/** Runs pipes one after the other over rows that come in order. Ends the input as soon as no more rows can pass. */
export async function* runPipes(input: AsyncIterable<Batch>, nodes: readonly PipeNode[], context: StageContext): AsyncGenerator<Batch> {
  if (nodes.length === 0) return yield* input
  const [node, ...rest] = nodes
  const stage = stageOf(node!, context)
  if (stage.kind === 'gather') return yield* runPipes(gathered(input, stage), rest, context)
  yield* runPipes(stage.kind === 'local' ? mapped(input, stage) : streamed(input, stage), rest, context)
}

async function* mapped(input: AsyncIterable<Batch>, stage: { transform(batch: Batch): Batch }): AsyncGenerator<Batch> {
  for await (const batch of input) {
    const out = stage.transform(batch)
    if (out.picked.length > 0) yield out
  }
}

async function* streamed(input: AsyncIterable<Batch>, stage: StreamStage): AsyncGenerator<Batch> {
  if (stage.done) return
  for await (const batch of input) {
    const out = stage.transform(batch)
    if (out.picked.length > 0) yield out
    if (stage.done) return
  }
}

async function* gathered(input: AsyncIterable<Batch>, stage: GatherStage): AsyncGenerator<Batch> {
  let base = 0
  try {
    for await (const batch of input) {
      await stage.push(batch, base)
      base += batch.view.count
    }
    yield* finished(stage)
  } finally {
    await stage.close()
  }
}

/** The rows of a gathering pipe that has seen all of its input. */
export async function* finished(stage: GatherStage): AsyncGenerator<Batch> {
  for await (const chunk of stage.finish()) if (chunk.count > 0) yield wholeChunk(chunk)
}
