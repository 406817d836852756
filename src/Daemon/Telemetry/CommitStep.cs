namespace AtomikD.Telemetry;

/// <summary>The parts of a commit's trace, in their order.</summary>
internal enum CommitStep
{
    /// <summary>Of an upload: the contents come.</summary>
    Receive,

    /// <summary>From being heard of until its turn comes: behind others, in the waiting room.</summary>
    Wait,
    Admit,
    Intend,
    Claim,
    Seal,
    Publish,
    Settle,
    Acknowledge,
}

internal static class CommitSteps
{
    public const int Count = (int)CommitStep.Acknowledge + 1;

    /// <summary>The span's name.</summary>
    public static string Name(this CommitStep step) => step switch
    {
        CommitStep.Receive => "receive",
        CommitStep.Wait => "wait",
        CommitStep.Admit => "admit",
        CommitStep.Intend => "intend",
        CommitStep.Claim => "claim",
        CommitStep.Seal => "seal",
        CommitStep.Publish => "publish",
        CommitStep.Settle => "settle",
        _ => "acknowledge",
    };

    /// <summary>Of the span that all commits of a batch share.</summary>
    public static string BatchName(this CommitStep step) => step switch
    {
        CommitStep.Intend => "batch intend",
        CommitStep.Seal => "batch sync",
        CommitStep.Settle => "batch settle",
        _ => "batch acknowledge",
    };
}
