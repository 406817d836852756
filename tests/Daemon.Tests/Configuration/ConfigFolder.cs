using AtomikD.Support;

namespace AtomikD.Configuration;

/// <summary>A configuration on disk, with folders that its routes can use.</summary>
internal sealed class ConfigFolder : IDisposable
{
    private readonly TempFolder _folder = new();

    public string Main => _folder["atomikd.conf"];

    public string Root => _folder.Path;

    public string this[string relative] => _folder[relative];

    /// <summary>Writes the main file. $ stands for the folder.</summary>
    public ConfigFolder Write(string text)
    {
        _folder.Write("atomikd.conf", text.Replace("$", Root));
        return this;
    }

    /// <summary>Writes a drop-in. $ stands for the folder.</summary>
    public ConfigFolder DropIn(string name, string text)
    {
        _folder.Write($"atomikd.conf.d/{name}", text.Replace("$", Root));
        return this;
    }

    public string MakeFolder(string relative) => _folder.MakeFolder(relative);

    public LoadResult Load() => ConfigurationLoader.Load(Main);

    public void Dispose() => _folder.Dispose();
}
