import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cacheFolder } from '../../src/device/cache-folder.js'

const test = suite('cache folder')

test('is where the environment says', () => {
  const cases: [NodeJS.ProcessEnv, string][] = [
    [{ ASP_CACHE: '/a', XDG_CACHE_HOME: '/x' }, '/a'],
    [{ XDG_CACHE_HOME: '/x' }, '/x/asp'],
  ]
  for (const [environment, expected] of cases) assert.is(cacheFolder(environment), expected)
  assert.ok(cacheFolder({}).endsWith('/.cache/asp'))
})

test.run()
