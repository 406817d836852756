namespace AtomikD.Commands;

/// <summary>A command ends: what to say, and with which code.</summary>
internal sealed class CommandFailure(int code, string message) : Exception(message)
{
    public int Code => code;
}
