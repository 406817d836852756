using System.Text;
using AtomikD.Linux;

namespace AtomikD.Trees;

/// <summary>Where a folder stands in a tree; put into words only when something has to be told of it.</summary>
internal sealed class TreePath
{
    private readonly TreePath? _above;
    private readonly string _shown;

    private TreePath(TreePath? above, Name name, string shown)
    {
        _above = above;
        _shown = shown;
        Name = name;
    }

    /// <summary>Empty for the root.</summary>
    public Name Name { get; }

    public static TreePath Root(string shown) => new(null, Name.Empty, shown);

    public TreePath Down(Name name) => new(this, name, "");

    /// <summary>The names from below the root.</summary>
    public List<Name> Names()
    {
        var names = new List<Name>();
        for (TreePath at = this; at._above is { } above; at = above)
            names.Add(at.Name);
        names.Reverse();
        return names;
    }

    /// <summary>The path of an entry of this folder.</summary>
    public string Of(Name name) => $"{this}/{name}";

    public override string ToString()
    {
        TreePath root = this;
        while (root._above is { } above)
            root = above;
        var text = new StringBuilder(root._shown);
        foreach (Name name in Names())
            text.Append('/').Append(name.ToString());
        return text.ToString();
    }
}
