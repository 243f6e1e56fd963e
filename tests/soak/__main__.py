from tests.soak.schedule import run
import sys, time
from collections import Counter
a, b = int(sys.argv[1]), int(sys.argv[2])
t=time.process_time()
kinds=Counter(); states=Counter(); tot=Counter()
first={}
for seed in range(a,b):
    o=run(seed)
    states+=o.states
    tot.update(effects=o.effects,inv=o.invocations,cr=o.crashes,f=o.faults,files=o.files,lines=o.lines)
    for v in {(v.kind, v.what[:60]) for v in o.violations}:
        kinds[v]+=1; first.setdefault(v,seed)
    if b-a==1:
        print(o.report())
for k,v in kinds.most_common(60): print(v,first[k],k)
print(states,tot,time.process_time()-t)
