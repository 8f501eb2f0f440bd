// The specs wait for nodes to join and to leave more than they compute.
[assembly: CollectionBehavior(MaxParallelThreads = 6)]
