using AtomikD.Linux;

namespace AtomikD.Engine;

/// <summary>What tests and benchmarks set otherwise; the service uses the defaults.</summary>
internal sealed record EngineOptions
{
    public BootInfo Boot { get; init; } = BootInfo.Read();

    /// <summary>Threads for large items; 0 = the lane does them itself, in order.</summary>
    public int SealWorkers { get; init; } = Math.Clamp(Environment.ProcessorCount, 2, 8);

    /// <summary>Threads that sync the files of one large tree, or the items of one batch.</summary>
    public int SyncWorkers { get; init; } = 8;

    /// <summary>Files that may be open at once: each request in work holds one.</summary>
    public int Descriptors { get; init; } = Linux.Descriptors.Limit;

    /// <summary>An item that is busy is asked again for so long, then refused.</summary>
    public TimeSpan BusyLimit { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>False: one thread per lane, so that its system calls come in one order.</summary>
    public bool IsPipelined { get; init; } = true;

    /// <summary>Told the name of each step of a batch when it is done, on the thread that did it. Null in the service.</summary>
    public Action<string>? Step { get; init; }
}
