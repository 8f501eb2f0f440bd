// Specs here count native memory, live views and the process's random numbers: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
