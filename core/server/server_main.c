/* server_main.c -- kontord: everything is in libkontor.so. */
int kontor_main(int argc, char **argv);

int main(int argc, char **argv)
{
    return kontor_main(argc, argv);
}
