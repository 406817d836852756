namespace AtomikD.Ctl;

/// <summary>The command line asks for what does not go together, which shows only when it is carried out.</summary>
internal sealed class UsageException(string message) : Exception(message);
