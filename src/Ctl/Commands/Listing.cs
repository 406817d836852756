using System.Text.Json;
using AtomikD.Ctl.Output;

namespace AtomikD.Ctl.Commands;

internal static class Listing
{
    /// <summary>One array, written as it comes, an element a line. Nothing is written before the first page is there.</summary>
    public static async Task<int> JsonAsync<T>(Session session, IAsyncEnumerable<T> elements, Action<Utf8JsonWriter, T> members)
    {
        bool isFirst = true;
        await foreach (T element in elements.WithCancellation(session.Ending))
        {
            session.Out.Write(isFirst ? "[" : ",\n ");
            session.Out.Write(Json.Line(json => members(json, element)));
            isFirst = false;
        }
        session.Out.WriteLine(isFirst ? "[]" : "]");
        return ExitCode.Ok;
    }
}
