// The contract of endpoints counts the native tensors of the process: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
