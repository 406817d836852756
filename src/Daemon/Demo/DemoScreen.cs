namespace AtomikD.Demo;

/// <summary>Progress: one line, rewritten, on a terminal; elsewhere a line every two seconds.</summary>
internal sealed class DemoScreen
{
    private const long MillisecondsBetweenLines = 2_000;

    private readonly TextWriter _output;
    private readonly bool _isTerminal;
    private readonly Lock _lock = new();
    private long _due = Environment.TickCount64 + MillisecondsBetweenLines;
    private bool _isDirty;

    /// <param name="output">Where to.</param>
    /// <param name="isTerminal">It can rewrite a line.</param>
    public DemoScreen(TextWriter output, bool isTerminal)
    {
        _output = output;
        _isTerminal = isTerminal;
    }

    public void Progress(string text)
    {
        lock (_lock)
        {
            if (_isTerminal)
            {
                // A line that wraps cannot be rewritten.
                int width = Math.Max(20, Console.WindowWidth - 1);
                _output.Write($"\r{(text.Length > width ? text[..width] : text)}\e[K");
                _output.Flush();
                _isDirty = true;
            }
            else if (Environment.TickCount64 >= _due)
            {
                _due = Environment.TickCount64 + MillisecondsBetweenLines;
                _output.WriteLine(text);
            }
        }
    }

    public void Line(string text)
    {
        lock (_lock)
        {
            if (_isDirty)
                _output.Write("\r\e[K");
            _isDirty = false;
            _output.WriteLine(text);
        }
    }
}
