namespace AtomikD.Configuration;

/// <summary>Guesses what a misspelt word was meant to be.</summary>
internal static class Closest
{
    /// <summary>The word that is at most two edits away, or null.</summary>
    public static string? To(string word, IEnumerable<string> words)
    {
        string? best = null;
        int fewest = 3;
        foreach (string candidate in words)
        {
            int edits = string.Equals(word, candidate, StringComparison.OrdinalIgnoreCase) ? 0 : Edits(word, candidate);
            if (edits < fewest && edits < candidate.Length / 2 + 1)
                (best, fewest) = (candidate, edits);
        }
        return best;
    }

    private static int Edits(string a, string b)
    {
        if (Math.Abs(a.Length - b.Length) > 2)
            return int.MaxValue;
        var row = new int[b.Length + 1];
        for (int j = 0; j < row.Length; j++)
            row[j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int changed = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[^1];
    }
}
