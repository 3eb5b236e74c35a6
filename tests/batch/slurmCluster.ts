import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { availableParallelism, hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { installDebianPackages } from '../debianPackages.ts';

export interface SlurmCluster {
  readonly environment: NodeJS.ProcessEnv;
  command(name: string, ...args: readonly string[]): string;
  stop(): Promise<void>;
}

const isThere = (command: string) => spawnSync(command, ['--version']).error === undefined;

const hasSlurm = () => ['sbatch', 'slurmctld', 'slurmd'].every((command) => isThere(command));
// Root on Debian gets it by apt-get.
if (!hasSlurm()) installDebianPackages('--no-install-recommends', 'slurm-wlm', 'munge');

/** False where Slurm is there, else the reason why the tests on it are skipped. */
export const noSlurm = !hasSlurm() && 'Slurm was not found: install it (Debian: apt-get install slurm-wlm)';

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
}

/**
 * A Slurm of one or more nodes on this machine, each node a slurmd of its own, with everything of its own in a folder.
 * A job that is queued again starts 6 s later.
 */
export async function startSlurm(folder: string, nodes = 1): Promise<SlurmCluster> {
  const names = nodes === 1 ? [hostname()] : Array.from({ length: nodes }, (_, index) => `node${index + 1}`);
  const state = join(folder, 'state');
  const spool = join(folder, 'spool');
  const path = join(folder, 'slurm.conf');
  for (const made of [state, ...names.map((name) => join(spool, name))]) mkdirSync(made, { recursive: true });
  const [controlPort, ...nodePorts] = await freePorts(1 + nodes);
  const host = `NodeHostname=${hostname()} NodeAddr=127.0.0.1 CPUs=${availableParallelism()} State=UNKNOWN`;
  const lineOf = (name: string, index: number) => `NodeName=${name} Port=${nodePorts[index]} ${host}`;
  writeFileSync(
    path,
    `ClusterName=arcbench
SlurmctldHost=${hostname()}(127.0.0.1)
SlurmctldPort=${controlPort}
SlurmUser=${userInfo().username}
SlurmdUser=${userInfo().username}
AuthType=auth/none
CredType=cred/none
AuthInfo=cred_expire=5
StateSaveLocation=${state}
SlurmdSpoolDir=${spool}/%n
SlurmctldPidFile=${join(folder, 'slurmctld.pid')}
SlurmdPidFile=${join(folder, 'slurmd-%n.pid')}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SchedulerType=sched/builtin
SchedulerParameters=batch_sched_delay=0,sched_interval=1
SelectType=select/cons_res
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
KillWait=20
${names.map(lineOf).join('\n')}
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`,
  );
  const environment = { ...process.env, NODE_NO_WARNINGS: '1', SLURM_CONF: path };
  const programs = [['slurmctld', '-D'], ...names.map((name) => ['slurmd', '-D', '-N', name])];
  const daemons = programs.map(([name = '', ...args]) => {
    const child = spawn(name, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    return { name, child, said: () => said };
  });
  const command = (name: string, ...args: readonly string[]) =>
    spawnSync(name, args, { encoding: 'utf8', env: environment }).stdout.trim();
  const stop = async () => {
    for (const { child } of daemons.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await Promise.race([ended, wait(5000).then(() => child.kill('SIGKILL'))]);
    }
  };
  for (
    const started = performance.now();
    command('sinfo', '--noheader', '--Node', '--format=%T') !== names.map(() => 'idle').join('\n');
    await wait(200)
  ) {
    if (performance.now() - started < 20_000) continue;
    await stop();
    throw new Error(`Slurm did not come up:\n${daemons.map(({ name, said }) => `${name}: ${said()}`).join('\n')}`);
  }
  return { environment, command, stop };
}
