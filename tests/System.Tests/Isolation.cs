using Xunit;

// There is one machine.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
