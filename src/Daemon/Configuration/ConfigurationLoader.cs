namespace AtomikD.Configuration;

/// <summary>Reads the configuration whole, and finds everything that is wrong with it at once.</summary>
internal sealed class ConfigurationLoader
{
    private readonly List<ConfigurationError> _errors = [];
    private readonly List<string> _files = [];
    private readonly List<EffectiveValue> _values = [];
    private readonly Dictionary<(string Section, string Key), IniEntry> _entries = [];

    // In the order in which they first appear.
    private readonly List<IniSection> _sections = [];
    private readonly bool _fragment;

    private ConfigurationLoader(bool fragment) => _fragment = fragment;

    /// <summary>The file and its drop-ins <c>FILE.d/*.conf</c>; of a key that several give, the last counts.</summary>
    public static LoadResult Load(string path)
    {
        var loader = new ConfigurationLoader(fragment: false);
        path = Path.GetFullPath(path);
        loader.Read(path);
        foreach (string dropIn in ConfigurationFiles.DropIns(path, loader._errors))
            loader.Read(dropIn);
        return loader.Finish();
    }

    /// <summary>One file by itself: sections, keys and values, but nothing that other files or this machine would have to add.</summary>
    public static LoadResult LoadFragment(string path)
    {
        var loader = new ConfigurationLoader(fragment: true);
        loader.Read(Path.GetFullPath(path));
        return loader.Finish();
    }

    private void Read(string path)
    {
        if (ConfigurationFiles.Read(path, _errors) is not { } bytes)
            return;
        _files.Add(path);
        var ini = IniFile.Parse(path, bytes);
        _errors.AddRange(ini.Errors);
        foreach (IniSection section in ini.Sections)
        {
            if (_sections.All(s => s.Name != section.Name))
                _sections.Add(section);
        }
        foreach (IniEntry entry in ini.Entries)
        {
            if (IsKnown(entry))
                _entries[(entry.Section, entry.Key)] = entry;
        }
    }

    private bool IsKnown(IniEntry entry)
    {
        bool daemon = entry.Section == DaemonKeys.Section;
        if (!daemon && !entry.Section.StartsWith(RouteKeys.Prefix, StringComparison.Ordinal))
            return false; // The section is an error by itself.
        var daemonKeys = DaemonKeys.All.Select(k => k.Name);
        var routeKeys = RouteKeys.All.Select(k => k.Name);
        var (own, others) = daemon ? (daemonKeys, routeKeys) : (routeKeys, daemonKeys);
        if (own.Contains(entry.Key))
            return true;
        string advice =
            others.Contains(entry.Key) ? $"It belongs into {(daemon ? "a section [Routes:NAME]" : "[Daemon]")}: move it there."
            : Closest.To(entry.Key, own) is { } close ? $"Did you mean {close}?"
            : "Remove it, or see docs/configuration.md for the keys there are.";
        Fail(entry.Origin, entry.Section, entry.Key, $"The key is not known here. {advice}");
        return false;
    }

    private void Fail(Origin origin, string section, string key, string message) =>
        _errors.Add(new ConfigurationError(origin.File, origin.Line, key, message) { Section = section });

    private LoadResult Finish()
    {
        DaemonSettings daemon = Apply(new DaemonSettings(), DaemonKeys.Section, DaemonKeys.All, []);
        var routes = new List<RouteSettings>();
        foreach (IniSection section in _sections)
        {
            if (section.Name == DaemonKeys.Section)
                continue;
            if (section.Name.StartsWith(RouteKeys.Prefix, StringComparison.Ordinal))
                routes.Add(Route(section));
            else
                Fail(section.Origin, section.Name, "", "The section is not known. Write [Daemon] or [Routes:NAME].");
        }
        var settings = new Settings { Daemon = daemon, Routes = routes };
        if (!_fragment)
            CheckFolders(settings);
        ConfigurationError[] errors = [.. _errors.OrderBy(e => _files.IndexOf(e.File)).ThenBy(e => e.Line)];
        return new LoadResult(errors.Length == 0 ? settings : null, errors, _values, _files);
    }

    private RouteSettings Route(IniSection section)
    {
        string name = section.Name[RouteKeys.Prefix.Length..];
        if (!RouteName.IsValid(name))
            Fail(section.Origin, section.Name, "", $"\"{name}\" is no name for a route. Use 1 to {RouteName.MaxLength} of a-z, 0-9, _ and -, starting with a letter or a digit{(name.Any(char.IsAsciiLetterUpper) ? "; upper case is not allowed" : "")}.");
        IniSection? twin = _sections.TakeWhile(s => s != section).FirstOrDefault(s => string.Equals(s.Name, section.Name, StringComparison.OrdinalIgnoreCase));
        if (twin is not null)
            Fail(section.Origin, section.Name, "", $"The name differs only in case from [{twin.Name}] at {twin.Origin}. Give one of them another name, or write both alike if they are one route.");

        RouteSettings route = Apply(new RouteSettings { Name = name, Staging = "", Target = "", Vault = "" },
            section.Name, RouteKeys.All, _fragment ? [] : ["Staging", "Target"], section.Origin);
        if (route.Vault.Length == 0 && route.Target.Length > 0)
        {
            route = route with { Vault = $"{route.Target.TrimEnd('/')}/{RouteKeys.DefaultVault}" };
            int shown = _values.FindIndex(v => v.Section == section.Name && v.Key == "Vault");
            _values[shown] = _values[shown] with { Value = route.Vault };
        }
        return route;
    }

    private T Apply<T>(T settings, string section, IReadOnlyList<Key<T>> keys, string[] required, Origin sectionOrigin = default)
    {
        foreach (Key<T> key in keys)
        {
            _entries.TryGetValue((section, key.Name), out IniEntry? entry);
            _values.Add(new EffectiveValue(section, key.Name, entry?.Value ?? key.Default, entry?.Origin ?? Origin.Default));
            if (entry is null)
            {
                if (required.Contains(key.Name))
                    Fail(sectionOrigin, section, key.Name, $"The route has no {key.Name}. Add \"{key.Name} = /absolute/path\" to the section.");
                continue;
            }
            if (entry.Value.Length == 0 && !key.MayBeEmpty)
            {
                Fail(entry.Origin, section, key.Name, $"The value is empty. Write one, or remove the line{(key.Default.Length > 0 ? $" for the default, {key.Default}" : "")}.");
                continue;
            }
            try
            {
                settings = key.Apply(settings, new ConfiguredValue(entry.Value, ResolveNames: !_fragment));
            }
            catch (ValueException e)
            {
                Fail(entry.Origin, section, key.Name, e.Message);
            }
        }
        return settings;
    }

    private void CheckFolders(Settings settings)
    {
        // Routes whose folders are not known have their errors already.
        var known = settings with { Routes = [.. settings.Routes.Where(r => r.Staging.Length > 0 && r.Target.Length > 0)] };
        foreach (FolderConflict conflict in RouteFolders.Check(known))
        {
            Origin origin = _values.First(v => v.Section == conflict.Section && v.Key == conflict.Key).Origin;
            if (origin.IsDefault)
                origin = _sections.First(s => s.Name == conflict.Section).Origin;
            Fail(origin, conflict.Section, conflict.Key, conflict.Message);
        }
    }
}
