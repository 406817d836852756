namespace AtomikD.Journal;

/// <summary>Numbers for texts that stand in every row. Kept in memory both ways; forgotten with any rollback.</summary>
internal sealed class Words(Store store)
{
    private readonly Dictionary<string, long> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<long, string> _words = [];
    private readonly Statement _find = store.Prepare("SELECT id FROM words WHERE word = ?");
    private readonly Statement _add = store.Prepare("INSERT INTO words(word) VALUES (?) RETURNING id");
    private readonly Statement _read = store.Prepare("SELECT word FROM words WHERE id = ?");

    public long IdOf(string word)
    {
        if (_ids.TryGetValue(word, out long id))
            return id;
        if (Find(word) is not { } found)
        {
            _add.Begin().Add(word).Next();
            found = _add.ReadLong();
            _add.Reset();
        }
        Remember(found, word);
        return found;
    }

    /// <summary>A number that no row has, where the word is not known: reading adds nothing.</summary>
    public long KnownIdOf(string word)
    {
        if (_ids.TryGetValue(word, out long id))
            return id;
        if (Find(word) is not { } found)
            return -1;
        Remember(found, word);
        return found;
    }

    public string Of(long id)
    {
        if (_words.TryGetValue(id, out string? word))
            return word;
        if (!_read.Begin().Add(id).Next())
            throw new InvalidDataException($"The journal {store.Path} has no word {id}.");
        word = _read.ReadText();
        _read.Reset();
        Remember(id, word);
        return word;
    }

    public void Forget()
    {
        _ids.Clear();
        _words.Clear();
    }

    private long? Find(string word)
    {
        long? id = _find.Begin().Add(word).Next() ? _find.ReadLong() : null;
        _find.Reset();
        return id;
    }

    private void Remember(long id, string word)
    {
        _ids[word] = id;
        _words[id] = word;
    }
}
