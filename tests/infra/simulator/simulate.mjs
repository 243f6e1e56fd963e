// Reads [{policies, principal, account, action, resource, context, resourcePolicy, unchecked}] and writes what IAM would answer to each:
// "Allowed", "ImplicitlyDenied", "ExplicitlyDenied", or "error: …" for a call that AWS does not know.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const require = createRequire(pathToFileURL(process.argv[2] + '/'))
const { runSimulation, runUnsafeSimulation } = require('@cloud-copilot/iam-simulate')

const answers = []
for (const call of JSON.parse(readFileSync(0, 'utf8'))) {
  const simulation = {
    request: {
      principal: call.principal,
      action: call.action,
      resource: { resource: call.resource, accountId: call.account },
      contextVariables: call.context,
    },
    identityPolicies: call.policies.map((policy, number) => ({ name: `policy-${number}`, policy })),
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    resourcePolicy: call.resourcePolicy,
  }
  if (call.unchecked) {
    answers.push(runUnsafeSimulation(simulation, {}))
    continue
  }
  const response = await runSimulation(simulation, {})
  answers.push(
    response.resultType === 'error'
      ? 'error: ' + JSON.stringify(response.errors)
      : response.overallResult,
  )
}
process.stdout.write(JSON.stringify(answers))
