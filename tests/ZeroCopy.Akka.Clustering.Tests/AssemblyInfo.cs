// Specs here count native tensors and mapped segments, which are the process's: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
