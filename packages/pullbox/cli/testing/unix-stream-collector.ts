// A collector in a process of its own that listens on a unix stream socket, which no configuration can ask for yet; otherwise as
// `pullbox run`: it says its HTTP address on stderr and ends on SIGTERM. For bench/proof. Arguments: store, socket, bytes of a message.
import { serveCollector } from '../../api/index.ts'
import { Collector } from '../../collector/index.ts'

const [path, at, message] = process.argv.slice(2)
const collector = await Collector.start({
  listeners: [{ type: 'unix-stream', at }],
  store: { type: 'segments', options: { path } },
  limits: { message: Number(message), memory: 512 << 20 },
  version: 'test',
})
const server = await serveCollector({ collector, host: '127.0.0.1', port: 0, names: [], sources: [], spillDir: path })
process.stderr.write(`unix-stream ${at}  http http://${server.address}\n`)
process.on('SIGTERM', () => {
  void server
    .close()
    .then(() => collector.stop())
    .then(() => process.exit(0))
})
