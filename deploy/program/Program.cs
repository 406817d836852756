using System.Diagnostics.CodeAnalysis;
using System.Reflection;

// One file under two names: which of the two is wanted, its name says.
string name = Path.GetFileName(Environment.ProcessPath) == "atomikctl" ? "atomikctl" : "atomikd";
if (name == "atomikd")
    new Thread(LoadAll) { Name = "load program", IsBackground = true, Priority = ThreadPriority.Lowest }.Start();
return (int)EntryPoint(name).Invoke(null, BindingFlags.DoNotWrapExceptions, null, [args], null)!;

[UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Program.csproj keeps the entry points of both.")]
static MethodInfo EntryPoint(string assembly) => Assembly.Load(assembly).EntryPoint!;

// Assemblies are read from the file when they are first needed, by its path. An upgrade puts another file there while the service runs; so
// all are loaded once the start is over, and what runs no longer needs the file.
[UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "References that trimming took out are not needed.")]
static void LoadAll()
{
    Thread.Sleep(TimeSpan.FromSeconds(1));
    HashSet<string> seen = [];
    Queue<Assembly> left = new([typeof(Enumerable).Assembly, Assembly.Load("atomikd")]);
    while (left.TryDequeue(out Assembly? assembly))
    {
        foreach (AssemblyName reference in assembly.GetReferencedAssemblies())
        {
            if (seen.Add(reference.FullName))
                left.Enqueue(Assembly.Load(reference));
        }
    }
}
